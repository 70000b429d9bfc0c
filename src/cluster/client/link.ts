/** Keeps a connection to one pool: connects, subscribes, and comes back after every loss with what was missed. */
import type { Notification } from "../protocol/methods.ts";
import { PoolCallError, type PoolConnection } from "./connection.ts";
import { PoolMirror } from "./mirror.ts";
import { messageOf, UserError } from "./userError.ts";

export type LinkState =
  | { state: "idle" }
  | { state: "connecting" }
  | { state: "connected" }
  /** Tries again by itself at `retryAt` (ms since the epoch). */
  | { state: "waiting"; detail: string; remedy: string | null; retryAt: number }
  /** Does not try again by itself: what is wrong will not go away. */
  | { state: "failed"; detail: string; remedy: string | null }
  | { state: "closed" };

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 10_000;

export class PoolLink {
  readonly mirror = new PoolMirror();
  #state: LinkState = { state: "idle" };
  #connection: PoolConnection | null = null;
  #attempt = 0;
  #timer: NodeJS.Timeout | undefined;
  #connecting: Promise<PoolConnection> | null = null;
  #watched: string[] = [];
  readonly #open: () => Promise<PoolConnection>;
  readonly #stateListeners = new Set<(state: LinkState) => void>();
  readonly #liveListeners = new Set<(live: Notification<"live">) => void>();

  constructor(open: () => Promise<PoolConnection>) {
    this.#open = open;
  }

  get state(): LinkState {
    return this.#state;
  }
  get isConnected(): boolean {
    return this.#connection !== null;
  }

  onDidChangeState(listener: (state: LinkState) => void): () => void {
    this.#stateListeners.add(listener);
    return () => void this.#stateListeners.delete(listener);
  }
  onLive(listener: (live: Notification<"live">) => void): () => void {
    this.#liveListeners.add(listener);
    return () => void this.#liveListeners.delete(listener);
  }

  /** The connection, made now when there is none. @throws what stands in the way; trying goes on by itself all the same */
  connection(): Promise<PoolConnection> {
    if (this.#connection !== null) return Promise.resolve(this.#connection);
    if (this.#state.state === "closed") return Promise.reject(new UserError("The pool was closed."));
    clearTimeout(this.#timer);
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = null));
    return this.#connecting;
  }

  /** Starts connecting, or tries again at once (after sleep, on focus, when the person asks). */
  retryNow(): void {
    this.connection().catch(() => undefined); // the state says it
  }

  /** Trials whose `live` notifications are wanted, kept over reconnections. */
  watch(trialIds: readonly string[]): void {
    this.#watched = [...trialIds];
    this.#connection?.call("watch", { trialIds: this.#watched }).catch(() => undefined); // said again after the reconnection
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#setState({ state: "closed" });
    this.#connection?.close();
    this.#connection = null;
  }

  async #connect(): Promise<PoolConnection> {
    this.#setState({ state: "connecting" });
    try {
      const connection = await this.#open();
      if (this.#state.state === "closed") {
        connection.close();
        throw new UserError("The pool was closed.");
      }
      connection.onNotification("events", ({ events }) => {
        if (!this.mirror.apply(events)) void this.#subscribe(connection);
      });
      connection.onNotification("live", (live) => {
        for (const listener of this.#liveListeners) listener(live);
      });
      await this.#subscribe(connection);
      if (this.#watched.length > 0) await connection.call("watch", { trialIds: this.#watched });
      this.#connection = connection;
      this.#attempt = 0;
      this.#setState({ state: "connected" });
      connection.onClosed((reason) =>
        this.#lost(connection, new UserError(`The pool server is gone: ${reason}.`)),
      );
      return connection;
    } catch (error) {
      this.#lost(null, error);
      throw error;
    }
  }

  async #subscribe(connection: PoolConnection): Promise<void> {
    this.mirror.restart(await connection.call("subscribe", { after: this.mirror.seq }));
  }

  #lost(connection: PoolConnection | null, error: unknown): void {
    if (connection !== this.#connection || this.#state.state === "closed") return;
    this.#connection = null;
    const detail = messageOf(error);
    const remedy = error instanceof UserError ? error.remedy : null;
    if (error instanceof PoolCallError && error.reason === "version")
      return this.#setState({ state: "failed", detail, remedy });
    // Full jitter (Brooker, "Exponential Backoff and Jitter"): many windows do not come back in step.
    const ceilingMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempt++);
    const delayMs = FIRST_RETRY_MS / 2 + Math.random() * ceilingMs;
    this.#setState({ state: "waiting", detail, remedy, retryAt: Date.now() + delayMs });
    this.#timer = setTimeout(() => this.retryNow(), delayMs);
  }

  #setState(state: LinkState): void {
    this.#state = state;
    for (const listener of this.#stateListeners) listener(state);
  }
}
