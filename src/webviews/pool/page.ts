/** The page of a pool: who had which slot when, who waits and what would start it, and when somebody new would start. */
import { preemptsText, startsText } from "../../cluster/protocol/queueWords.ts";
import { heldText, silenceAdvice, slotTitle } from "../../cluster/protocol/slotWords.ts";
import type { SlotSpan, WaitingTrial } from "../../cluster/protocol/scheduling.ts";
import type { Slot } from "../../cluster/protocol/entities.ts";
import type { Answer } from "../contract/messages.ts";
import { HOURS, type PoolSnapshot, type PoolState, type ToPoolPage } from "../contract/pool.ts";
import { button, emptyState, linkButton, select } from "../ui/controls.ts";
import { h, icon, replaceChildren, setText } from "../ui/dom.ts";
import { Table } from "../ui/table.ts";
import type { PoolBridge } from "./bridge.ts";
import { idleSlots } from "./idle.ts";
import { Gantt, timeText } from "./gantt.ts";

export class PoolPage {
  readonly element: HTMLElement;
  private readonly bridge: PoolBridge;
  private readonly title = h("h1", { class: "header-name" });
  private readonly notices = h("div", { class: "notices" });
  private readonly gantt: Gantt;
  private readonly slots: Table<Slot>;
  private readonly queue: Table<WaitingTrial>;
  private readonly history: Table<SlotSpan>;
  private readonly nobody = emptyState("Nobody waits.");
  private readonly answer = h("p", { class: "quiet", role: "status" });
  private idle: ReadonlySet<string> = new Set();
  private state: PoolState;
  private snapshot: PoolSnapshot | null = null;

  constructor(bridge: PoolBridge, state: PoolState) {
    this.bridge = bridge;
    this.state = state;
    const open = (trialId: string) => bridge.act({ action: "open", trialId });
    this.gantt = new Gantt(open);
    this.queue = new Table<WaitingTrial>({
      label: "Who waits",
      columns: [
        { title: "Place", numeric: true, text: ({ place }) => String(place) },
        { title: "Trial", text: ({ trialId }) => trialId },
        { title: "Slots", numeric: true, text: ({ slots }) => String(slots) },
        { title: "Starts", text: ({ startsIn }) => startsText(startsIn) },
        {
          title: "Would start it",
          dependsOn: ({ change }) => JSON.stringify(change),
          cell: ({ change }) =>
            change === null
              ? []
              : [linkButton(change.text, () => bridge.act({ action: "changeQueue", change }))],
        },
        { title: "Why", text: ({ reason }) => reason, hint: ({ reason }) => reason },
      ],
      key: ({ trialId }) => trialId,
      onOpen: ({ trialId }) => open(trialId),
    });
    this.slots = new Table<Slot>({
      label: "Slots now",
      columns: [
        { title: "Slot", text: slotTitle },
        { title: "State", text: ({ id, state }) => (this.idle.has(id) ? "held but idle" : state) },
        { title: "Trial", text: ({ trialId }) => trialId ?? "" },
        { title: "Busy", numeric: true, text: ({ utilisation }) => busyText(utilisation) },
        {
          title: "Detail",
          text: (slot) => heldText(slot),
          hint: (slot) => silenceAdvice(slot) ?? slot.detail ?? "",
        },
      ],
      key: ({ id }) => id,
      onOpen: ({ trialId }) => trialId !== null && open(trialId),
    });
    this.history = new Table<SlotSpan>({
      label: "Who had which slot when",
      columns: [
        { title: "Slot", text: ({ slotId }) => slotId },
        { title: "Trial", text: ({ trialId }) => trialId },
        { title: "From", text: ({ from }) => timeText(from) },
        { title: "To", text: ({ to }) => (to === null ? "now" : timeText(to)) },
      ],
      key: ({ runId, slotId }) => `${runId} ${slotId}`,
      onOpen: ({ trialId }) => open(trialId),
    });
    const hours = select({
      label: "Time",
      options: HOURS.map((value) => ({ value: String(value), label: value === 168 ? "7 d" : `${value} h` })),
      value: String(state.hours),
      onChange: (value) => this.showHours(HOURS.find((one) => String(one) === value) ?? 6),
    });
    this.element = h(
      "div",
      { class: "page is-waiting" },
      h("header", { class: "header" }, h("div", { class: "header-line" }, this.title), this.notices),
      h(
        "div",
        { class: "view-body pool" },
        section("Slots over time", hours.element, this.gantt.element),
        section("Waiting", this.nobody, this.queue.element, this.forecast()),
        section("Slots now", this.slots.element),
        h("details", null, h("summary", null, "Slots over time as a table"), this.history.element),
      ),
    );
  }

  start(): void {
    // Also a page that nobody touched comes back after a reload: by this the extension knows whose it is.
    this.bridge.saveState(this.state);
    this.askAgain();
  }

  askAgain(): void {
    this.bridge.ready(this.state);
  }

  receive(message: Exclude<ToPoolPage, Answer>): void {
    if (message.type === "theme") this.themeChanged();
    else this.show(message.snapshot);
  }

  themeChanged(): void {
    this.gantt.themeChanged();
  }

  private show(snapshot: PoolSnapshot): void {
    this.snapshot = snapshot;
    this.element.classList.remove("is-waiting");
    setText(this.title, snapshot.connection.pool);
    this.updateNotices(snapshot);
    this.gantt.update(snapshot, this.state.hours);
    this.nobody.hidden = snapshot.waiting.length > 0;
    this.queue.element.hidden = snapshot.waiting.length === 0;
    this.queue.set(snapshot.waiting);
    this.idle = idleSlots(snapshot.spans, snapshot.use, snapshot.at);
    this.slots.set(snapshot.slots);
    this.history.set([...snapshot.spans].sort((a, b) => b.from - a.from));
  }

  private updateNotices({ connection: { state, pool, detail }, disk }: PoolSnapshot): void {
    const words = state === "connecting" ? `Connecting to ${pool} …` : `Not connected to ${pool}.`;
    const said = state === "connected" ? "" : [words, detail].filter((part) => part !== null).join(" ");
    const all = JSON.stringify([said, disk]);
    if (this.notices.dataset.said === all) return;
    this.notices.dataset.said = all;
    const reconnect = () => this.bridge.act({ action: "reconnect" });
    replaceChildren(
      this.notices,
      said !== "" &&
        h(
          "p",
          { class: "notice tone-warn" },
          icon("debug-disconnect"),
          h("span", { class: "notice-text" }, said, " ", linkButton("Reconnect", reconnect)),
        ),
      disk !== null &&
        h(
          "p",
          { class: "notice tone-warn", role: "status" },
          icon("warning"),
          h("span", { class: "notice-text" }, disk),
        ),
    );
  }

  private forecast(): HTMLElement {
    const input = h("input", { type: "number", class: "select", min: 0, max: 1024, value: 1 });
    const ask = () => void this.ask(Number(input.value));
    input.addEventListener("keydown", ({ key }) => key === "Enter" && ask());
    const field = h(
      "label",
      { class: "field" },
      h("span", { class: "field-label" }, "When do I get so many slots?"),
      input,
    );
    return h("div", { class: "pool-forecast" }, field, button({ label: "Ask", onPress: ask }), this.answer);
  }

  private async ask(slots: number): Promise<void> {
    if (!Number.isInteger(slots) || slots < 0 || slots > 1024) {
      setText(this.answer, "A number of slots is a whole number from 0 to 1024.");
      return;
    }
    try {
      const { startsIn, reason, preempts } = await this.bridge.request("forecast", { slots });
      const when = startsIn?.toMs === 0 ? "Now." : `${sentence(startsText(startsIn))} ${reason}`;
      setText(this.answer, preempts.length === 0 ? when : `${when} ${preemptsText(preempts)}`);
    } catch (error) {
      setText(this.answer, error instanceof Error ? error.message : String(error));
    }
  }

  private showHours(hours: PoolState["hours"]): void {
    this.state = { ...this.state, hours };
    this.bridge.saveState(this.state);
    if (this.snapshot !== null) this.gantt.update(this.snapshot, hours);
    // The past that is not here yet.
    this.askAgain();
  }
}

function section(title: string, ...children: HTMLElement[]): HTMLElement {
  return h("section", { class: "section" }, h("h3", null, title), ...children);
}

/** A processor's slot has no tool that tells. */
function busyText(percent: number | null): string {
  return percent === null ? "not told" : `${Math.round(percent)} %`;
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
