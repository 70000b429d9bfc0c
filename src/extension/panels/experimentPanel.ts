/**
 * The extension's end of one experiment page (contract 3). The page says `ready` and gets a complete snapshot, then
 * numbered changes. A hidden page is gone: it says `ready` again when it is shown.
 */
import * as vscode from "vscode";
import type { SeriesState } from "../../cluster/protocol/events.ts";
import type { Notification } from "../../cluster/protocol/methods.ts";
import {
  CONTRACT_VERSION,
  FromPage,
  REQUESTS,
  type PageState,
  type PageSnapshot,
  type ToPage,
} from "../../webviews/contract/messages.ts";
import type { Baseline } from "../baselines.ts";
import { isNotFound, messageOf } from "../errors.ts";
import type { Pool } from "../pool/pool.ts";
import { countIn, experimentTitle } from "../views/labels.ts";
import { answerRequest, bufferOf } from "./answers.ts";
import { EntityDiff } from "./entityDiff.ts";
import { OneAtATime } from "./oneAtATime.ts";
import { PartialTrials } from "./partialTrials.ts";
import { showPage } from "./pageWebview.ts";
import type { PanelServices } from "./panelServices.ts";
import { postableSeries } from "./postable.ts";
import { SeriesBook } from "./seriesBook.ts";
import { shownBaseline } from "./shownBaseline.ts";
import { shownTrials } from "./shownTrials.ts";

/** Changes within this time travel as one message. */
const FLUSH_MS = 50;

/** Of an experiment with more trials the page gets a part. */
const MOST_WHOLE = 5000;

/** Takes what trials are, one argument each. */
const COMPARE = "trainyard.compare";

type Change = Omit<Extract<ToPage, { type: "change" }>, "type" | "seq">;

export class ExperimentPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #pool: Pool;
  readonly #services: PanelServices;
  readonly #experimentId: number;
  readonly #partial: PartialTrials;
  readonly #subscriptions: vscode.Disposable;
  readonly #diff = new EntityDiff();
  readonly #series = new SeriesBook();
  #baselineSeries: SeriesState[] = [];
  #state: PageState;
  #seq = 0;
  /** The page has a snapshot and takes changes. */
  #isFed = false;
  /** The page waits for a snapshot: it is being made, or cannot be made yet. */
  #isAsking = false;
  readonly #feeding = new OneAtATime(() => this.#feedOnce());
  #pending: Change = {};
  #timer: NodeJS.Timeout | undefined;
  #configuration: PageSnapshot["configuration"] | undefined;
  #isDisposed = false;
  #show: { tab: string; trialId: string | null } | null = null;

  constructor(panel: vscode.WebviewPanel, state: PageState, pool: Pool, services: PanelServices) {
    this.#panel = panel;
    this.#pool = pool;
    this.#state = state;
    this.#services = services;
    this.#experimentId = state.experimentId;
    this.#partial = new PartialTrials(state.experimentId);
    const { webview } = panel;
    this.#subscriptions = vscode.Disposable.from(
      webview.onDidReceiveMessage((message: unknown) => this.#receive(message)),
      panel.onDidChangeViewState(() => this.#onViewState()),
      vscode.window.onDidChangeActiveColorTheme(() => this.#post({ type: "theme" })),
      pool.onDidChange((change) => {
        if (change.everything || change.experiments.has(this.#experimentId)) this.#onEntities();
      }),
      pool.onDidChangeStatus(() => this.#onStatus()),
      pool.onLive((live) => this.#onLive(live)),
      services.baselines.onDidChange(() => this.#feedIfShown()),
      // Of its own pool's it hears above; the baseline may be on another.
      services.pools.onDidChangeStatus((other) => {
        if (other !== pool && other.id === this.#baseline()?.poolId) this.#feedIfShown();
      }),
    );
    this.#setTitle();
    showPage(panel, services.extensionUri, { name: "experiment", title: "Experiment", state });
    pool.wake();
  }

  get isVisible(): boolean {
    return this.#panel.visible;
  }

  reveal(preserveFocus: boolean): void {
    this.#panel.reveal(undefined, preserveFocus);
  }

  show(tab: string, trialId: string | null): void {
    this.#show = { tab, trialId };
    if (this.#isFed) this.#sendShow();
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    this.#stopFeeding();
    this.#subscriptions.dispose();
  }

  #receive(raw: unknown): void {
    const parsed = FromPage.safeParse(raw);
    if (!parsed.success) {
      this.#services.log.warn(`Panel #${this.#experimentId}: not of the contract: ${parsed.error.message}`);
      return;
    }
    const message = parsed.data;
    switch (message.type) {
      case "ready":
        if (message.state)
          this.#state = { ...message.state, poolId: this.#pool.id, experimentId: this.#experimentId };
        this.#feed();
        return;
      case "request":
        void this.#answer(message.request, message.name, message.params);
        return;
      case "action":
        this.#services.act(this.#pool, this.#experimentId, message.action);
        return;
      case "compare":
        void this.#compare(message.trialIds);
        return;
      case "problem":
        this.#services.log.warn(`Panel #${this.#experimentId}: ${message.message}`);
        return;
    }
  }

  /** Ids of another experiment's are not this page's to name. */
  async #compare(trialIds: readonly string[]): Promise<void> {
    const poolId = this.#pool.id;
    const experimentId = this.#experimentId;
    const own = trialIds.filter((trialId) => trialId.startsWith(`${experimentId}.`));
    try {
      await vscode.commands.executeCommand(
        COMPARE,
        ...own.map((trialId) => ({ poolId, experimentId, trialId })),
      );
    } catch (error) {
      void vscode.window.showErrorMessage(`The trials could not be compared: ${messageOf(error)}`);
    }
  }

  #feed(): void {
    this.#isAsking = true;
    this.#isFed = false;
    void this.#feeding.run();
  }

  async #feedOnce(): Promise<void> {
    const { log } = this.#services;
    const pool = this.#pool;
    await this.#hold();
    const experiment = pool.mirror?.experiments.get(this.#experimentId);
    if (!pool.mirror || !experiment) {
      // Not connected yet: what happens next asks again. Connected and unknown: it was deleted.
      if (pool.status.state === "connected") this.#post({ type: "gone" });
      return;
    }
    const trials = pool.mirror.trialsOf(this.#experimentId);
    const watched = shownTrials(experiment, trials, this.#state.trialId);
    pool.watch(this, watched);
    if (pool.status.state === "connected") {
      try {
        await Promise.all([
          this.#readSeries(watched),
          this.#readConfiguration(),
          this.#readBaseline(),
          this.#readShown(watched),
        ]);
      } catch (error) {
        log.warn(`Panel #${this.#experimentId}: ${messageOf(error)}`);
      }
    }
    // Hidden meanwhile, or asked anew (it may show another trial now): the next one is sent.
    if (this.#isAsking && !this.#feeding.isAskedAgain) this.#sendSnapshot();
  }

  /**
   * What the page shows may be older than what is known from the start. Of a very large search it gets the best trials, and others
   * as they are asked for.
   */
  async #hold(): Promise<void> {
    const pool = this.#pool;
    if (pool.status.state !== "connected" || pool.mirror?.isWhole(this.#experimentId)) return;
    try {
      const reader = await pool.reader();
      await reader.experiment(this.#experimentId);
      const { trialId } = this.#state;
      if (trialId !== null) await reader.trial(trialId).catch(unlessNotFound);
      const experiment = pool.mirror?.experiments.get(this.#experimentId);
      if (experiment && countIn(experiment, () => true) > MOST_WHOLE) await this.#partial.readBest(reader);
      else await reader.whole(this.#experimentId);
    } catch (error) {
      if (!isNotFound(error)) this.#services.log.warn(`Panel #${this.#experimentId}: ${messageOf(error)}`);
    }
  }

  /** Of now: what came while the curves were read is in it. */
  #sendSnapshot(): void {
    const pool = this.#pool;
    const { mirror } = pool;
    const experiment = mirror?.experiments.get(this.#experimentId);
    if (!mirror || !experiment) return;
    const watched = shownTrials(experiment, mirror.trialsOf(this.#experimentId), this.#state.trialId);
    pool.watch(this, watched);
    const contents = this.#diff.restart(mirror, experiment);
    this.#pending = {};
    this.#isAsking = false;
    this.#isFed = true;
    this.#post({
      type: "snapshot",
      version: CONTRACT_VERSION,
      snapshot: {
        seq: ++this.#seq,
        connection: this.#connection(),
        ...contents,
        series: this.#series.of(watched),
        baseline: this.#shownBaseline(),
        configuration: this.#configuration ?? null,
        snapshot: { linked: experiment.snapshot.linked, leftOut: experiment.snapshot.leftOut },
      },
    });
    this.#setTitle();
    this.#sendShow();
  }

  /** Runs and checkpoints of those whose curves are shown, where the experiment is not known as a whole. */
  async #readShown(trialIds: readonly string[]): Promise<void> {
    const reader = await this.#pool.reader();
    await Promise.all(trialIds.map((trialId) => reader.trial(trialId)));
  }

  async #readSeries(trialIds: readonly string[]): Promise<void> {
    const { series } = await this.#pool.call("series/listMany", { trialIds: [...trialIds] });
    this.#series.listed(series);
  }

  #feedIfShown(): void {
    if (this.#isFed || this.#isAsking) this.#feed();
  }

  /** Of the script, whichever of its experiments this is. */
  #baseline(): Baseline | null {
    const experiment = this.#pool.mirror?.experiments.get(this.#experimentId);
    return experiment ? this.#services.baselines.of(experiment) : null;
  }

  async #readBaseline(): Promise<void> {
    const baseline = this.#baseline();
    const pool = baseline && this.#services.pools.get(baseline.poolId);
    this.#baselineSeries = [];
    if (!pool || pool.status.state !== "connected") return;
    try {
      await (await pool.reader()).trial(baseline.trialId);
    } catch (error) {
      if (isNotFound(error)) return; // what is shown of it says so
      throw error;
    }
    const { series } = await pool.call("series/list", { trialId: baseline.trialId });
    this.#baselineSeries = series.filter(({ group }) => group !== "system").map(postableSeries);
  }

  #shownBaseline(): PageSnapshot["baseline"] {
    const baseline = this.#baseline();
    if (!baseline) return null;
    const pool = this.#services.pools.get(baseline.poolId);
    const known = pool && {
      name: pool.name,
      isConnected: pool.status.state === "connected",
      mirror: pool.mirror,
    };
    const isHere = pool === this.#pool && baseline.experimentId === this.#experimentId;
    return { ...shownBaseline(baseline, known ?? null, isHere), series: this.#baselineSeries };
  }

  async #answerBaseline(params: unknown): Promise<unknown> {
    const baseline = this.#baseline();
    if (!baseline) throw new Error("There is no baseline any more.");
    const pool = this.#services.pools.must(baseline.poolId);
    if (pool.status.state !== "connected") throw new Error(`Not connected to ${pool.name}.`);
    const { trialId } = baseline;
    const asked = REQUESTS.readBaseline.params.parse(params);
    const { columns, ...rest } = await pool.call("series/read", { ...asked, trialId });
    return { ...rest, columns: bufferOf(columns) };
  }

  async #readConfiguration(): Promise<void> {
    if (this.#configuration !== undefined) return;
    const { configuration } = await this.#pool.call("experiment/get", {
      experimentId: this.#experimentId,
      contents: "none",
    });
    this.#configuration = configuration.source;
  }

  async #answer(request: number, name: string, params: unknown): Promise<void> {
    const pool = this.#pool;
    try {
      if (pool.isStopped) throw new Error("The pool server was stopped.");
      const value =
        name === "readBaseline"
          ? await this.#answerBaseline(params)
          : name === "moreTrials"
            ? await this.#partial.answer(await pool.reader(), REQUESTS.moreTrials.params.parse(params))
            : await answerRequest(pool, this.#experimentId, name, params);
      this.#post({ type: "answer", request, value, error: null });
    } catch (error) {
      this.#post({ type: "answer", request, value: null, error: messageOf(error) });
    }
  }

  #onEntities(): void {
    const mirror = this.#pool.mirror;
    const experiment = mirror?.experiments.get(this.#experimentId);
    if (!mirror || !experiment) {
      // It was deleted, or a new snapshot of the pool does not reach back to it: that is seen when it is asked for.
      if (this.#isFed) this.#feed();
      return;
    }
    this.#setTitle();
    // A snapshot that is being made will have it.
    if (this.#isAsking && !this.#feeding.isRunning) this.#feed();
    if (!this.#isFed) return;
    const trials = mirror.trialsOf(this.#experimentId);
    this.#pool.watch(this, shownTrials(experiment, trials, this.#state.trialId));
    this.#schedule();
  }

  #onStatus(): void {
    const { state } = this.#pool.status;
    // What happened while it was away is not in any change: curves are asked for anew.
    if (state === "connected" && (this.#isFed || this.#isAsking)) this.#feed();
    else if (this.#isFed) {
      this.#pending.connection = this.#connection();
      this.#schedule();
    }
  }

  #onLive(live: Notification<"live">): void {
    if (!live.trialId.startsWith(`${this.#experimentId}.`)) return;
    this.#series.live(live.series);
    if (!this.#isFed) return;
    const series = new Map((this.#pending.series ?? []).map((one) => [SeriesBook.key(one), one]));
    for (const one of live.series) series.set(SeriesBook.key(one), one);
    if (series.size > 0) this.#pending.series = [...series.values()].map(postableSeries);
    if (live.output) this.#pending.output = live.output;
    this.#schedule();
  }

  #onViewState(): void {
    if (!this.#panel.visible) this.#stopFeeding();
  }

  #stopFeeding(): void {
    this.#isFed = false;
    this.#isAsking = false;
    this.#pool.watch(this, []);
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, FLUSH_MS);
  }

  #flush(): void {
    const mirror = this.#pool.mirror;
    const experiment = mirror?.experiments.get(this.#experimentId);
    if (!this.#isFed || !mirror || !experiment) return;
    const change: Change = { ...this.#pending, ...this.#diff.next(mirror, experiment) };
    this.#pending = {};
    if (Object.keys(change).length > 0) this.#post({ type: "change", seq: ++this.#seq, ...change });
  }

  #sendShow(): void {
    if (this.#show) this.#post({ type: "show", ...this.#show });
    this.#show = null;
  }

  #connection(): PageSnapshot["connection"] {
    const { state, detail } = this.#pool.status;
    return { state: state === "idle" ? "connecting" : state, pool: this.#pool.name, detail };
  }

  #setTitle(): void {
    const experiment = this.#pool.mirror?.experiments.get(this.#experimentId);
    if (experiment) this.#panel.title = experimentTitle(experiment);
  }

  #post(message: ToPage): void {
    if (this.#isDisposed) return;
    void this.#panel.webview.postMessage(message);
  }
}

/** The page shows another trial when the one that it remembers is gone. */
function unlessNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
