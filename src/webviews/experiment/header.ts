/** The line that says what matters, and a second one only when something waits or went wrong. */
import type { Failure, Question, Trial } from "../../cluster/protocol/entities.ts";
import { bestFirst, firstOf } from "../../cluster/protocol/trialOrder.ts";
import { button, linkButton, select, type Select } from "../ui/controls.ts";
import { h, icon, replaceChildren, setText, type Child } from "../ui/dom.ts";
import { menuButton, type MenuItem } from "../ui/menu.ts";
import { chooseCheckpoint } from "./checkpointRanking.ts";
import { formatInteger } from "./format.ts";
import { progressWords } from "./progress.ts";
import { stateLook } from "./states.ts";
import { StepTimes } from "./stepTimes.ts";
import { shownTrial, trialCount, type PageData } from "./store.ts";
import type { PageContext } from "./view.ts";
import { WaitNotice } from "./waitNotice.ts";
import { WrittenLine } from "./writtenLine.ts";

const ALL = "";
/** Trials in the list at the top. */
const MOST_LISTED = 200;

export class Header {
  readonly element: HTMLElement;
  private readonly context: PageContext;
  private readonly id = h("span", { class: "header-id" });
  private readonly name = h("h1", { class: "header-name" });
  private readonly state = h("span", { class: "header-state" });
  private readonly facts = h("span", { class: "header-facts" });
  private readonly actions = h("div", { class: "header-actions" });
  private readonly written: WrittenLine;
  private readonly notices = h("div", { class: "notices" });
  private readonly trialSelect: Select<string>;
  private readonly wait: WaitNotice;
  private readonly stepTimes: StepTimes;
  private data: PageData | null = null;
  private shown = "";

  constructor(context: PageContext) {
    this.context = context;
    const again = () => this.data && this.update(this.data);
    this.wait = new WaitNotice(context, again);
    this.stepTimes = new StepTimes(context, again);
    this.trialSelect = select({
      label: "Trial",
      options: [],
      value: ALL,
      onChange: (value) => context.showTrial(value === ALL ? null : value),
    });
    this.written = new WrittenLine(context);
    const more = menuButton("More actions", () => this.menuItems());
    this.element = h(
      "header",
      { class: "header" },
      h(
        "div",
        { class: "header-line" },
        h("div", { class: "header-title" }, this.id, this.name),
        h("div", { class: "header-status" }, this.state, this.facts),
        this.trialSelect.element,
        h("div", { class: "header-buttons" }, this.actions, more),
      ),
      this.written.element,
      this.notices,
    );
  }

  update(data: PageData): void {
    this.data = data;
    const { experiment } = data;
    const trial = shownTrial(data, this.context.settings.get().trialId);
    setText(this.id, `#${experiment.id}`);
    setText(this.name, experiment.name);
    this.name.title = experiment.name;
    const state = data.trials.size === 1 && trial !== null ? trial.state : experiment.state;
    const look = stateLook(state);
    this.state.className = `header-state tone-${look.tone}`;
    if (this.state.dataset.state !== state) {
      this.state.dataset.state = state;
      const { imported } = experiment;
      const word = imported && look.tone === "good" ? `Imported from ${imported.from}` : look.word;
      replaceChildren(this.state, icon(look.icon), h("span", null, word));
    }
    const isConnected = data.connection.state === "connected";
    const steps = trial && this.stepTimes.of(trial, data.series.values(), isConnected);
    const words = progressWords(data, trial, this.context.now());
    this.updateFacts(steps === null ? words : [...words, steps]);
    this.updateTrials(data);
    this.updateActions(data, trial);
    this.written.update(data);
    this.updateNotices(data, trial);
  }

  /** Each in an element of its own, so that the line breaks between them. */
  private updateFacts(words: readonly string[]): void {
    if (this.facts.textContent === words.join(" · ")) return;
    replaceChildren(
      this.facts,
      ...words.flatMap((word, index) => [index > 0 && " · ", h("span", { class: "fact" }, word)]),
    );
  }

  private updateTrials(data: PageData): void {
    const { trialId } = this.context.settings.get();
    const count = data.trials.size;
    // More than these nobody looks through: the Search tab's table has them all.
    const trials = [...data.trials.values()];
    if (count > MOST_LISTED) {
      const best = firstOf(trials, MOST_LISTED, bestFirst(data.experiment.metric));
      const chosen = trialId === null ? undefined : data.trials.get(trialId);
      trials.splice(0, count, ...new Set([...best, ...(chosen ? [chosen] : [])]));
    }
    this.trialSelect.element.hidden = trials.length < 2;
    if (trials.length < 2) return;
    this.trialSelect.setOptions([
      { value: ALL, label: `All ${formatInteger(Math.max(count, trialCount(data.experiment)))} trials` },
      ...trials.map((trial) => ({
        value: trial.id,
        label: `Trial ${trial.number}${trial.name === null ? "" : ` ${trial.name}`}: ${stateLook(trial.state).word.toLowerCase()}`,
      })),
    ]);
    this.trialSelect.set(trialId ?? ALL);
  }

  /** Buttons are made again only when they would differ, so that focus stays where it is. */
  private updateActions(data: PageData, trial: Trial | null): void {
    const { bridge, settings } = this.context;
    const { trialId } = settings.get();
    const state = trialId === null ? data.experiment.state : (trial?.state ?? "waiting");
    const checkpoints = [...data.checkpoints.values()].filter(
      (checkpoint) => trialId === null || checkpoint.trialId === trialId,
    );
    const chosen = chooseCheckpoint(checkpoints, data.experiment.metric);
    const pausable = trial?.pausable ?? { possible: false, reason: null };
    const key = JSON.stringify([state, trialId, chosen?.checkpoint.uuid, chosen?.why, pausable]);
    if (key === this.shown) return;
    this.shown = key;
    const act = (action: "pause" | "resume" | "stop") => () => bridge.act({ action, trialId });
    const children: Child[] = [];
    if (["running", "waiting", "starting"].includes(state)) {
      const reason = pausable.possible ? null : (pausable.reason ?? "The script does not save checkpoints.");
      children.push(
        button({ label: "Pause", icon: "debug-pause", disabledReason: reason, onPress: act("pause") }),
      );
    }
    if (state === "paused") {
      children.push(
        button({ label: "Resume", icon: "debug-continue", appearance: "primary", onPress: act("resume") }),
      );
    }
    if (["running", "waiting", "starting", "paused", "pausing"].includes(state)) {
      children.push(button({ label: "Stop", icon: "debug-stop", onPress: act("stop") }));
    } else if (chosen !== null) {
      children.push(
        button({
          label: chosen.why === "best" ? "Restore Best" : "Restore Latest",
          icon: "cloud-download",
          appearance: "primary",
          onPress: () => bridge.act({ action: "restore", uuid: chosen.checkpoint.uuid }),
        }),
      );
    }
    replaceChildren(this.actions, ...children);
  }

  private menuItems(): MenuItem[] {
    const { bridge, settings } = this.context;
    const { data } = this;
    if (data === null) return [];
    const { trialId } = settings.get();
    const ranHere = data.experiment.imported === undefined;
    const isOver = ["completed", "stopped", "failed", "killed"].includes(data.experiment.state);
    const items: (MenuItem | false)[] = [
      ranHere && {
        label: "Kill",
        icon: "error",
        disabledReason: isOver ? "It has ended." : null,
        onPress: () => bridge.act({ action: "kill", trialId }),
      },
      { label: "Rename…", icon: "edit", onPress: () => bridge.act({ action: "rename", trialId }) },
      { label: "Edit Labels…", icon: "tag", onPress: () => bridge.act({ action: "editLabels", trialId }) },
      { label: "Edit Notes", icon: "note", onPress: () => bridge.act({ action: "editNotes", trialId }) },
      {
        label: "Use as Baseline",
        icon: "pinned",
        onPress: () => bridge.act({ action: "useAsBaseline", trialId }),
      },
      {
        label: "Clear Baseline",
        icon: "pin",
        disabledReason: data.baseline === null ? "There is none." : null,
        onPress: () => bridge.act({ action: "clearBaseline" }),
      },
      {
        label: "Copy ID",
        icon: "copy",
        onPress: () => bridge.act({ action: "copy", text: trialId ?? String(data.experiment.id) }),
      },
      ranHere && {
        label: "Choose Interpreter…",
        icon: "symbol-misc",
        onPress: () => bridge.act({ action: "chooseInterpreter" }),
      },
    ];
    return items.filter((item) => item !== false);
  }

  private updateNotices(data: PageData, trial: Trial | null): void {
    const notices: HTMLElement[] = [];
    if (trial?.failure) notices.push(this.failureNotice(trial.failure, trial.id, data));
    if (data.experiment.question !== null) notices.push(this.questionNotice(data.experiment.question));
    if (data.connection.state !== "connected") notices.push(this.connectionNotice(data));
    const wait = trial ? this.wait.of(trial, data.connection.state === "connected") : [];
    if (wait.length > 0) notices.push(notice("quiet", "clock", ...wait));
    if (trial?.nan) {
      notices.push(
        notice("warn", "warning", `${trial.nan.metric} is not a number since step ${trial.nan.step}.`),
      );
    }
    if (data.baseline && data.baseline.problem !== null)
      notices.push(notice("quiet", "debug-disconnect", data.baseline.problem));
    for (const warning of new Set([...data.experiment.warnings, ...(trial?.warnings ?? [])])) {
      notices.push(notice("warn", "warning", warning));
    }
    const key = notices.map((element) => element.textContent).join("\n");
    if (this.notices.dataset.key === key) return;
    this.notices.dataset.key = key;
    replaceChildren(this.notices, ...notices.slice(0, 6));
  }

  /** The search is paused until it is answered. */
  private questionNotice({ message }: Question): HTMLElement {
    const act = (action: "resume" | "stop") => () => this.context.bridge.act({ action, trialId: null });
    const answers = [
      " ",
      linkButton("Go On", act("resume")),
      " ",
      linkButton("Stop the Search", act("stop")),
    ];
    return notice("bad", "question", message, ...answers);
  }

  private connectionNotice(data: PageData): HTMLElement {
    const { state, pool, detail } = data.connection;
    const words = state === "connecting" ? `Connecting to ${pool} …` : `Not connected to ${pool}.`;
    const reconnect =
      state === "disconnected"
        ? linkButton("Reconnect", () => this.context.bridge.act({ action: "reconnect" }))
        : null;
    const what = "What is shown is the last that was known; training does not depend on the connection.";
    const said = [words, detail, state === "disconnected" ? what : null].filter(Boolean).join(" ");
    return notice("warn", "debug-disconnect", said, ...(reconnect === null ? [] : [" ", reconnect]));
  }

  private failureNotice(failure: Failure, trialId: string, data: PageData): HTMLElement {
    const { bridge } = this.context;
    const choose =
      failure.kind === "missing_import"
        ? [" ", linkButton("Choose another interpreter", () => bridge.act({ action: "chooseInterpreter" }))]
        : [];
    const ways = failure.notSent ? this.waysFor(failure.notSent, trialId, data) : [];
    return notice("bad", "error", ...this.withLink(failure), ...choose, ...ways);
  }

  /** What the run did not find is there in the next one. */
  private waysFor({ leftOut }: NonNullable<Failure["notSent"]>, trialId: string, data: PageData): Child[] {
    const { bridge } = this.context;
    const left = data.snapshot.leftOut.find(({ path }) => path === leftOut);
    const link = left?.linkable === true;
    return [
      link && [
        " ",
        linkButton("Link", () => bridge.act({ action: "link", path: leftOut }), `Link ${leftOut}`),
      ],
      left?.sendable !== false && [
        " ",
        linkButton("Send It", () => bridge.act({ action: "sendData", trialId })),
      ],
      [" ", linkButton("Use a Path on the Pool…", () => bridge.act({ action: "mapData", trialId }))],
    ].flatMap((way) => way || []);
  }

  /** The link stands where the message names the line, so that it is not said twice. */
  private withLink({ message, frame }: Failure): Child[] {
    if (frame === null) return [message];
    const { file, line } = frame;
    const link = linkButton(`${file}:${line}`, () =>
      this.context.bridge.act({ action: "openSource", file, line }),
    );
    const place = `${file}, line ${line}`;
    const at = message.indexOf(place);
    return at < 0 ? [message, " ", link] : [message.slice(0, at), link, message.slice(at + place.length)];
  }
}

function notice(tone: string, iconName: string, ...said: Child[]): HTMLElement {
  return h(
    "p",
    { class: `notice tone-${tone}`, role: tone === "bad" ? "alert" : null },
    icon(iconName),
    h("span", { class: "notice-text" }, ...said),
  );
}
