/** The extension's end of one page that compares trials. Whatever changes, the page gets a new snapshot, at most so often. */
import * as vscode from "vscode";
import { compare, type Compared } from "../../cluster/client/compare/comparison.ts";
import { readCompared } from "../../cluster/client/compare/readCompared.ts";
import {
  COMPARE_REQUESTS,
  FromComparePage,
  type CompareRow,
  type CompareSnapshot,
  type CompareState,
  type Subject,
  type ToComparePage,
} from "../../webviews/contract/compare.ts";
import { CONTRACT_VERSION } from "../../webviews/contract/messages.ts";
import { isNotFound, messageOf } from "../errors.ts";
import type { Pool } from "../pool/pool.ts";
import { LOCAL } from "../pool/pools.ts";
import { bufferOf } from "./answers.ts";
import { columnOf, type KnownTrial } from "./compareColumns.ts";
import { OneAtATime } from "./oneAtATime.ts";
import { showPage } from "./pageWebview.ts";
import type { PanelServices } from "./panelServices.ts";
import { postableCell, postableSeries } from "./postable.ts";

const REFRESH_MS = 500;

export class ComparePanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #services: PanelServices;
  readonly #subscriptions: vscode.Disposable;
  /** What was last read of a trial, by pool and id: it is shown also while its pool is away. */
  readonly #read = new Map<string, Compared>();
  readonly #feeding = new OneAtATime(() => this.#feed());
  readonly #watched = new Map<Pool, vscode.Disposable>();
  #state: CompareState;
  #shown = new Set<string>();
  #isFed = false;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(panel: vscode.WebviewPanel, state: CompareState, services: PanelServices) {
    this.#panel = panel;
    this.#state = state;
    this.#services = services;
    const { pools } = services;
    this.#subscriptions = vscode.Disposable.from(
      panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#stopFeeding();
      }),
      vscode.window.onDidChangeActiveColorTheme(() => this.#post({ type: "theme" })),
      pools.onDidChange(({ pool, change }) => {
        const ids = this.#state.subjects.filter(({ poolId }) => poolId === pool.id);
        if (change.everything || ids.some(({ experimentId }) => change.experiments.has(experimentId)))
          this.#schedule();
      }),
      pools.onDidChangeStatus(() => this.#schedule()),
      pools.onDidChangeList(() => this.#schedule()),
    );
    this.#setTitle();
    showPage(panel, services.extensionUri, { name: "compare", title: "Compare", state });
    for (const { poolId } of state.subjects) pools.get(poolId)?.wake();
  }

  get state(): CompareState {
    return this.#state;
  }

  reveal(): void {
    this.#panel.reveal();
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    this.#stopFeeding();
    this.#subscriptions.dispose();
  }

  #receive(raw: unknown): void {
    const { log } = this.#services;
    const parsed = FromComparePage.safeParse(raw);
    if (!parsed.success) {
      log.warn(`Compare: not of the contract: ${parsed.error.message}`);
      return;
    }
    const message = parsed.data;
    switch (message.type) {
      case "ready":
        if (message.state) this.#state = message.state;
        this.#setTitle();
        this.#isFed = true;
        void this.#feeding.run();
        return;
      case "request":
        void this.#answer(message.request, message.name, message.params);
        return;
      case "action":
        this.#services.actCompare(message.action);
        return;
      case "problem":
        log.warn(`Compare: ${message.message}`);
        return;
    }
  }

  async #feed(): Promise<void> {
    if (!this.#isFed) return;
    const { subjects } = this.#state;
    await Promise.all(subjects.map((subject) => this.#hold(subject)));
    const columns = subjects.map((subject) => ({ subject, ...this.#columnOf(subject) }));
    this.#watch(
      columns.flatMap(({ subject, known }) => (known ? [{ subject, trialId: known.trial.id }] : [])),
    );
    const compared = await Promise.all(
      columns.map(({ subject, known }) => (known ? this.#compared(subject, known) : Promise.resolve(null))),
    );
    // Hidden meanwhile, or asked for others: the next one is sent.
    if (!this.#isFed || this.#feeding.isAskedAgain) return;
    const snapshot: CompareSnapshot = {
      columns: columns.map(({ column }) => column),
      rows: rowsOf(compared),
      series: compared.flatMap((one, column) =>
        (one?.series ?? []).map((series) => ({ column, series: postableSeries(series) })),
      ),
    };
    this.#post({ type: "snapshot", version: CONTRACT_VERSION, snapshot });
  }

  /** What a column shows may be older than what is known from the start. */
  async #hold({ poolId, experimentId, trialId }: Subject): Promise<void> {
    const pool = this.#services.pools.get(poolId);
    if (pool?.status.state !== "connected") return;
    try {
      const reader = await pool.reader();
      await reader.experiment(experimentId);
      const best = pool.mirror?.experiments.get(experimentId)?.best?.trialId;
      await reader.trial(trialId ?? best ?? `${experimentId}.1`);
    } catch (error) {
      // Its column says that it is not there.
      if (!isNotFound(error)) this.#services.log.warn(`Compare: ${messageOf(error)}`);
    }
  }

  #columnOf(subject: Subject): ReturnType<typeof columnOf> {
    const pool = this.#services.pools.get(subject.poolId);
    return columnOf(
      subject,
      pool
        ? {
            name: pool.name,
            isLocal: pool.id === LOCAL,
            isConnected: pool.status.state === "connected",
            mirror: pool.mirror,
          }
        : null,
    );
  }

  async #compared({ poolId }: Subject, known: KnownTrial): Promise<Compared> {
    const { pools, log } = this.#services;
    const key = `${poolId} ${known.trial.id}`;
    const pool = pools.get(poolId);
    const before = this.#read.get(key) ?? { series: [], provenance: null };
    // A call would connect, and may ask a person: what was read before has to do.
    if (pool?.status.state !== "connected") return { ...before, ...known };
    try {
      const read = await readCompared(await pool.connection(), known);
      this.#read.set(key, read);
      return read;
    } catch (error) {
      log.warn(`Compare: ${messageOf(error)}`);
      return { ...before, ...known };
    }
  }

  async #answer(request: number, name: string, params: unknown): Promise<void> {
    try {
      if (name !== "readSeries") throw new Error(`The page asked for something unknown: ${name}.`);
      const { subject, ...series } = COMPARE_REQUESTS.readSeries.params.parse(params);
      const pool = this.#services.pools.must(subject.poolId);
      if (pool.status.state !== "connected") throw new Error(`Not connected to ${pool.name}.`);
      const { columns, ...rest } = await pool.call("series/read", series);
      this.#post({ type: "answer", request, value: { ...rest, columns: bufferOf(columns) }, error: null });
    } catch (error) {
      this.#post({ type: "answer", request, value: null, error: messageOf(error) });
    }
  }

  #watch(trials: readonly { subject: Subject; trialId: string }[]): void {
    for (const pool of this.#services.pools.all) {
      const own = trials.filter(({ subject }) => subject.poolId === pool.id).map(({ trialId }) => trialId);
      pool.watch(this, own);
      if (own.length > 0 && !this.#watched.has(pool))
        this.#watched.set(
          pool,
          pool.onLive(({ trialId }) => {
            if (this.#shown.has(trialId)) this.#schedule();
          }),
        );
    }
    this.#shown = new Set(trials.map(({ trialId }) => trialId));
  }

  #stopFeeding(): void {
    this.#isFed = false;
    for (const [pool, subscription] of this.#watched) {
      pool.watch(this, []);
      subscription.dispose();
    }
    this.#watched.clear();
  }

  #schedule(): void {
    if (!this.#isFed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#feeding.run();
    }, REFRESH_MS);
  }

  #setTitle(): void {
    const labels = this.#state.subjects.map((subject) => this.#columnOf(subject).column.label);
    this.#panel.title = `Compare ${labels.slice(0, 3).join(", ")}${labels.length > 3 ? ", …" : ""}`;
  }

  #post(message: ToComparePage): void {
    if (!this.#isDisposed) void this.#panel.webview.postMessage(message);
  }
}

/** A column without a trial has nothing in any row. */
function rowsOf(columns: readonly (Compared | null)[]): CompareRow[] {
  const there = columns.flatMap((one, column) => (one === null ? [] : [{ one, column }]));
  return compare(there.map(({ one }) => one)).map((row) => ({
    ...row,
    cells: columns.map((_, column) => {
      const at = there.findIndex((one) => one.column === column);
      return postableCell(row.cells[at] ?? null);
    }),
    best: row.best.flatMap((at) => there[at]?.column ?? []),
  }));
}
