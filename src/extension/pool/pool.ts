/** One pool as the editor sees it: connected to when first needed, and again after every loss. */
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import type { PoolConnection } from "../../cluster/client/connection.ts";
import type { LinkState, PoolLink } from "../../cluster/client/link.ts";
import type { MirrorChange, PoolMirror } from "../../cluster/client/mirror.ts";
import type { MirrorReader } from "../../cluster/client/mirror/reader.ts";
import type { PoolInfo } from "../../cluster/protocol/entities.ts";
import type { Input, MethodName, Notification, Result } from "../../cluster/protocol/methods.ts";
import { unlessAborted } from "../../cluster/client/unlessAborted.ts";
import { isCancelled, messageOf, NotConnectedError } from "../errors.ts";
import { loadClient } from "./client.ts";

/** A server that was asked to end closes its connections within this time, or is left to itself. */
const STOP_MS = 5000;

export interface PoolStatus {
  state: "idle" | "connecting" | "connected" | "disconnected";
  /** Why it is not connected, and what to do: one sentence each. */
  detail: string | null;
  remedy: string | null;
}

/** Where a pool is, and how it is reached. */
export interface PoolPlace {
  /** `local`, or the name that the person gave it. */
  readonly id: string;
  /** For display. */
  readonly name: string;
  /** Another place has another key. */
  readonly key: string;
  /** Its host does not see this machine's files. */
  readonly isRemote: boolean;
  /** @param isAsked a person waits for it: only then may it ask questions */
  open(isAsked: boolean): Promise<PoolConnection>;
}

export class Pool implements vscode.Disposable {
  readonly place: PoolPlace;
  readonly #log: vscode.LogOutputChannel;
  readonly #statusEmitter = new vscode.EventEmitter<PoolStatus>();
  readonly #changeEmitter = new vscode.EventEmitter<MirrorChange>();
  readonly #liveEmitter = new vscode.EventEmitter<Notification<"live">>();
  readonly #watched = new Map<object, readonly string[]>();
  #status: PoolStatus = { state: "idle", detail: null, remedy: null };
  #link: PoolLink | null = null;
  #mirror: PoolMirror | null = null;
  #info: PoolInfo | null = null;
  #isAsked = false;

  readonly onDidChangeStatus = this.#statusEmitter.event;
  readonly onDidChange = this.#changeEmitter.event;
  readonly onLive = this.#liveEmitter.event;

  constructor(place: PoolPlace, log: vscode.LogOutputChannel) {
    this.place = place;
    this.#log = log;
  }

  get id(): string {
    return this.place.id;
  }
  get name(): string {
    return this.place.name;
  }

  get status(): PoolStatus {
    return this.#status;
  }
  /** Null until the pool has said once what it holds. May be old while the pool is not connected. */
  get mirror(): PoolMirror | null {
    return this.#mirror;
  }
  /** A person has ended the server: whoever asks now would start it again. */
  get isStopped(): boolean {
    return this.#link === null && this.#status.state === "disconnected";
  }
  /** Of the last connection. */
  get info(): PoolInfo | null {
    return this.#info;
  }

  /** Starts connecting without waiting and without asking anything; what stands in the way is in the status. */
  wake(): void {
    if (this.#status.state === "idle") this.#connect().catch(() => undefined);
  }

  /**
   * For a person who waits for it and may be asked.
   * @throws NotConnectedError, or the signal's reason: connecting goes on without who has given it up
   */
  async connection(signal?: AbortSignal): Promise<PoolConnection> {
    this.#isAsked = true;
    try {
      return await unlessAborted(this.#connect(), signal);
    } catch (error) {
      throw this.#refusal(error, signal);
    } finally {
      this.#isAsked = false;
    }
  }

  /** The connection after a loss, however long that takes. @throws as connection(), when it does not come by itself */
  async whenConnected(signal?: AbortSignal): Promise<PoolConnection> {
    try {
      const link = this.#link ?? (await this.#createLink());
      return await link.whenConnected(signal);
    } catch (error) {
      throw this.#refusal(error, signal);
    }
  }

  #refusal(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted === true || isCancelled(error)) return error;
    return new NotConnectedError(this, error, this.#link?.state.state === "waiting");
  }

  async #connect(): Promise<PoolConnection> {
    const link = this.#link ?? (await this.#createLink());
    const connection = await link.connection();
    this.#info = connection.pool;
    return connection;
  }

  async call<M extends MethodName>(method: M, params: Input<M>, signal?: AbortSignal): Promise<Result<M>> {
    return (await this.connection(signal)).call(method, params, { signal });
  }

  /** Adds to the mirror what it does not hold. @throws as connection() */
  async reader(signal?: AbortSignal): Promise<MirrorReader> {
    await this.connection(signal);
    return (this.#link ?? (await this.#createLink())).reader;
  }

  /** Trials whose live changes `owner` wants; an empty list takes it off. */
  watch(owner: object, trialIds: readonly string[]): void {
    if (trialIds.length === 0) this.#watched.delete(owner);
    else this.#watched.set(owner, trialIds);
    this.#link?.watch([...new Set([...this.#watched.values()].flat())].slice(0, 1000));
  }

  /** Somebody is back: what waits for its next try does so no longer. */
  hurry(): void {
    this.#link?.hurry();
  }

  /** The network has changed, or this machine slept. */
  suspect(): void {
    this.#link?.suspect().catch(() => undefined); // the state says what came of it
  }

  /** At once, also after the server was stopped here. */
  async reconnect(): Promise<void> {
    await this.connection();
  }

  /** Ends the server and does not start it again by itself. Training goes on: it needs no server. */
  async stopServer(): Promise<void> {
    const connection = await this.connection();
    const ended = new Promise<void>((resolve) => connection.onClosed(() => resolve()));
    await connection.call("server/stop", {});
    await Promise.race([ended, sleep(STOP_MS)]);
    this.#link?.close();
    this.#link = null;
    this.#setStatus({
      state: "disconnected",
      detail: "The pool server was stopped.",
      remedy: "Reconnect to start it.",
    });
  }

  dispose(): void {
    this.#link?.close();
    this.#statusEmitter.dispose();
    this.#changeEmitter.dispose();
    this.#liveEmitter.dispose();
  }

  #creating: Promise<PoolLink> | null = null;
  #createLink(): Promise<PoolLink> {
    this.#creating ??= this.#newLink().finally(() => (this.#creating = null));
    return this.#creating;
  }

  async #newLink(): Promise<PoolLink> {
    this.#setStatus({ state: "connecting", detail: null, remedy: null });
    const client = await loadClient();
    const link = new client.PoolLink(() => this.place.open(this.#isAsked));
    link.onDidChangeState((state) => this.#onLinkState(link, state));
    link.mirror.onDidChange((change) => {
      // Until a new connection has its first snapshot, what the one before knew is shown.
      this.#mirror = link.mirror;
      this.#changeEmitter.fire(change);
    });
    link.onLive((live) => this.#liveEmitter.fire(live));
    link.watch([...new Set([...this.#watched.values()].flat())]);
    this.#link = link;
    return link;
  }

  #onLinkState(link: PoolLink, state: LinkState): void {
    if (link !== this.#link) return;
    switch (state.state) {
      case "connected":
        void link.connection().then(
          ({ pool }) => {
            this.#info = pool;
            this.#log.info(
              `${this.name}: connected to the pool in ${pool.folder} (server ${pool.serverVersion}, pid ${pool.serverPid}).`,
            );
            this.#setStatus({ state: "connected", detail: null, remedy: null });
          },
          (error: unknown) => this.#log.warn(messageOf(error)),
        );
        return;
      case "waiting":
      case "failed":
        this.#log.warn(`${this.name}: not connected: ${state.detail} ${state.remedy ?? ""}`);
        this.#setStatus({ state: "disconnected", detail: state.detail, remedy: state.remedy });
        return;
      case "connecting":
        // While it tries again by itself the reason stays on screen.
        if (this.#status.state !== "disconnected")
          this.#setStatus({ state: "connecting", detail: null, remedy: null });
        return;
      case "idle":
      case "closed":
        return;
    }
  }

  #setStatus(status: PoolStatus): void {
    this.#status = status;
    this.#statusEmitter.fire(status);
  }
}
