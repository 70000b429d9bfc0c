/** The extension's end of the page of one pool. Whatever changes, a visible page gets a new snapshot, at most so often. */
import * as vscode from "vscode";
import { CONTRACT_VERSION } from "../../webviews/contract/messages.ts";
import {
  FromPoolPage,
  POOL_REQUESTS,
  type PoolSnapshot,
  type PoolState,
  type ToPoolPage,
} from "../../webviews/contract/pool.ts";
import { messageOf } from "../errors.ts";
import type { Pool } from "../pool/pool.ts";
import { OneAtATime } from "./oneAtATime.ts";
import { showPage } from "./pageWebview.ts";
import type { PanelServices } from "./panelServices.ts";

const REFRESH_MS = 1000;
const HOUR_MS = 3_600_000;

/** Asked for at a time; the others come with the next look. */
const MOST_NAMED = 100;

export class PoolPanel {
  readonly #panel: vscode.WebviewPanel;
  readonly #pool: Pool;
  readonly #services: PanelServices;
  readonly #subscriptions: vscode.Disposable;
  readonly #feeding = new OneAtATime(() => this.#feed());
  #known: Pick<PoolSnapshot, "waiting" | "spans" | "use"> = { waiting: [], spans: [], use: [] };
  #state: PoolState;
  #isFed = false;
  #timer: NodeJS.Timeout | undefined;
  #isDisposed = false;

  constructor(panel: vscode.WebviewPanel, state: PoolState, pool: Pool, services: PanelServices) {
    this.#panel = panel;
    this.#state = state;
    this.#pool = pool;
    this.#services = services;
    this.#subscriptions = vscode.Disposable.from(
      panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)),
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#isFed = false;
      }),
      vscode.window.onDidChangeActiveColorTheme(() => this.#post({ type: "theme" })),
      pool.onDidChange(() => this.#schedule()),
      pool.onDidChangeStatus(() => this.#schedule()),
    );
    panel.title = `Pool ${pool.name}`;
    showPage(panel, services.extensionUri, { name: "pool", title: "Pool", state });
    pool.wake();
  }

  get poolId(): string {
    return this.#pool.id;
  }

  reveal(): void {
    this.#panel.reveal();
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
    this.#subscriptions.dispose();
  }

  #receive(raw: unknown): void {
    const { log } = this.#services;
    const parsed = FromPoolPage.safeParse(raw);
    if (!parsed.success) {
      log.warn(`Pool ${this.#pool.name}: not of the contract: ${parsed.error.message}`);
      return;
    }
    const message = parsed.data;
    switch (message.type) {
      case "ready":
        if (message.state) this.#state = { ...message.state, poolId: this.#pool.id };
        this.#isFed = true;
        void this.#feeding.run();
        return;
      case "request":
        void this.#answer(message.request, message.name, message.params);
        return;
      case "action":
        this.#services.actPool(this.#pool, message.action);
        return;
      case "problem":
        log.warn(`Pool ${this.#pool.name}: ${message.message}`);
        return;
    }
  }

  async #feed(): Promise<void> {
    const pool = this.#pool;
    const { state, detail } = pool.status;
    const from = Date.now() - this.#state.hours * HOUR_MS;
    if (state === "connected") {
      try {
        const [{ waiting }, { spans, use }] = await Promise.all([
          pool.call("queue/state", {}),
          pool.call("pool/history", { from }),
        ]);
        this.#known = { waiting, spans, use };
      } catch (error) {
        this.#services.log.warn(`Pool ${pool.name}: ${messageOf(error)}`);
      }
    }
    const named = [...this.#known.waiting, ...this.#known.spans].map(({ experimentId }) => experimentId);
    await this.#holdNamed(named);
    if (!this.#isFed) return;
    this.#post({
      type: "snapshot",
      version: CONTRACT_VERSION,
      snapshot: {
        connection: { state: state === "idle" ? "connecting" : state, pool: pool.name, detail },
        at: Date.now(),
        slots: [...(pool.mirror?.slots ?? [])],
        disk: state === "connected" ? (pool.mirror?.disk?.message ?? null) : null,
        ...this.#known,
        names: Object.fromEntries(
          [...new Set(named)].map((id) => [id, pool.mirror?.experiments.get(id)?.name ?? ""]),
        ),
      },
    });
  }

  /** Who ran lately may have been submitted long ago. */
  async #holdNamed(ids: readonly number[]): Promise<void> {
    const pool = this.#pool;
    const unknown = [...new Set(ids)].filter((id) => pool.mirror && !pool.mirror.experiments.has(id));
    if (unknown.length === 0 || pool.status.state !== "connected") return;
    const reader = await pool.reader();
    // One that was deleted keeps its number alone.
    await Promise.allSettled(unknown.slice(0, MOST_NAMED).map((id) => reader.experiment(id)));
  }

  async #answer(request: number, name: string, params: unknown): Promise<void> {
    try {
      if (name !== "forecast") throw new Error(`The page asked for something unknown: ${name}.`);
      if (this.#pool.status.state !== "connected") throw new Error(`Not connected to ${this.#pool.name}.`);
      const value = await this.#pool.call("queue/forecast", POOL_REQUESTS.forecast.params.parse(params));
      this.#post({ type: "answer", request, value, error: null });
    } catch (error) {
      this.#post({ type: "answer", request, value: null, error: messageOf(error) });
    }
  }

  #schedule(): void {
    if (!this.#isFed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#feeding.run();
    }, REFRESH_MS);
  }

  #post(message: ToPoolPage): void {
    if (!this.#isDisposed) void this.#panel.webview.postMessage(message);
  }
}
