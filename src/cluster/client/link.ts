/** Keeps a connection to one pool: connects, subscribes, and comes back after every loss with what was missed. */
import type { Notification } from "../protocol/methods.ts";
import type { PoolConnection } from "./connection.ts";
import { PoolMirror } from "./mirror.ts";
import { MirrorReader } from "./mirror/reader.ts";
import { isFinal, retryDelayMs } from "./retry.ts";
import { unlessAborted } from "./unlessAborted.ts";
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

/** On a bad line one may not last longer, and the next one must not wait as if nobody were there. */
const LASTED_MS = 1_000;

/** So many are held from the start; older ones are asked for when they are shown. */
const NEWEST_EXPERIMENTS = 300;

export class PoolLink {
  readonly mirror = new PoolMirror();
  /** Adds to the mirror what it does not hold. */
  readonly reader = new MirrorReader(this.mirror, async (method, params, options) =>
    (await this.connection()).call(method, params, options),
  );
  #state: LinkState = { state: "idle" };
  #connection: PoolConnection | null = null;
  #attempt = 0;
  /** Connections in a row that did not last. */
  #shortLived = 0;
  #timer: NodeJS.Timeout | undefined;
  #connecting: Promise<PoolConnection> | null = null;
  #watched: string[] = [];
  #poolId: string | null = null;
  #connectedAt: number | null = null;
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

  /**
   * The connection, waited for through as many attempts as it takes.
   * @throws what only a person can put right, or the signal's reason
   */
  async whenConnected(signal?: AbortSignal): Promise<PoolConnection> {
    for (;;) {
      try {
        return await unlessAborted(this.connection(), signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (this.#state.state !== "waiting") throw error;
      }
      await unlessAborted(this.#nextAttempt(), signal);
    }
  }

  /** Resolves when nothing is waited for any more. */
  #nextAttempt(): Promise<void> {
    return new Promise((resolve) => {
      const forget = this.onDidChangeState(({ state }) => {
        if (state === "waiting") return;
        forget();
        resolve();
      });
    });
  }

  /** Starts connecting, or tries again at once. */
  retryNow(): void {
    this.connection().catch(() => undefined); // the state says it
  }

  /** Somebody is back, or the network may be: no waiting for the next try. */
  hurry(): void {
    if (this.#state.state === "waiting") this.retryNow();
  }

  /** The network has changed, or this machine slept: a connection that does not answer is given up for a new one. */
  async suspect(): Promise<void> {
    const suspected = this.#connection;
    if (suspected === null) return this.hurry();
    if ((await suspected.isAlive()) || suspected !== this.#connection) return;
    this.#lost(new UserError("The pool does not answer any more."));
    suspected.close();
    this.hurry();
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
    let connection: PoolConnection | null = null;
    try {
      connection = await this.#open();
      this.#throwIfClosed();
      this.#listen(connection);
      await this.#subscribe(connection);
      this.#throwIfClosed();
    } catch (error) {
      connection?.close();
      this.#lost(error);
      throw error;
    }
    const opened = connection;
    this.#connection = opened;
    this.#connectedAt = Date.now();
    if (this.#watched.length > 0) this.watch(this.#watched);
    this.#setState({ state: "connected" });
    opened.onClosed((reason) => {
      if (opened === this.#connection) this.#lost(new UserError(`The pool server is gone: ${reason}.`));
    });
    return opened;
  }

  #listen(connection: PoolConnection): void {
    let isResubscribing = false;
    connection.onNotification("events", (batch) => {
      if (this.mirror.apply(batch) || isResubscribing) return;
      isResubscribing = true;
      this.#subscribe(connection)
        // Without the answer there would be a hole in the state: then start over.
        .catch(() => connection.close())
        .finally(() => (isResubscribing = false));
    });
    connection.onNotification("disk", (disk) => this.mirror.setDisk(disk));
    connection.onNotification("live", (live) => {
      for (const listener of this.#liveListeners) listener(live);
    });
  }

  async #subscribe(connection: PoolConnection): Promise<void> {
    // A folder that was deleted and made again is another pool, with numbers of its own.
    const after = connection.pool.id === this.#poolId ? this.mirror.seq : null;
    this.mirror.restart(
      await connection.call("subscribe", { after, bounded: { experiments: NEWEST_EXPERIMENTS } }),
    );
    this.#poolId = connection.pool.id;
  }

  #lost(error: unknown): void {
    this.#connection = null;
    if (this.#state.state === "closed") return;
    const detail = messageOf(error);
    const remedy = error instanceof UserError ? error.remedy : null;
    if (isFinal(error)) return this.#setState({ state: "failed", detail, remedy });
    if (this.#connectedAt !== null) {
      // How often nobody was there before it does not count any more; how many did not last does, or two that do not agree
      // would never rest.
      this.#shortLived = Date.now() - this.#connectedAt > LASTED_MS ? 0 : this.#shortLived + 1;
      this.#attempt = this.#shortLived;
    }
    this.#connectedAt = null;
    const delayMs = retryDelayMs(++this.#attempt);
    this.#timer = setTimeout(() => this.retryNow(), delayMs);
    this.#setState({ state: "waiting", detail, remedy, retryAt: Date.now() + delayMs });
  }

  #throwIfClosed(): void {
    if (this.#state.state === "closed") throw new UserError("The pool was closed.");
  }

  #setState(state: LinkState): void {
    this.#state = state;
    for (const listener of this.#stateListeners) listener(state);
  }
}
