/** One connection to a pool: typed calls, notifications and bulk transfers over whatever duplex stream is given. */
import type { Duplex, Readable } from "node:stream";
import {
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  ResponseError,
} from "vscode-jsonrpc/node";
import { WebSocket } from "ws";
import { MAX_MESSAGE_BYTES } from "../protocol/frame.ts";
import {
  ERROR_CODES,
  ErrorData,
  type Input,
  METHODS,
  type MethodName,
  NOTIFICATIONS,
  type Notification,
  type NotificationName,
  type Result,
} from "../protocol/methods.ts";
import type { PoolInfo } from "../protocol/entities.ts";
import { PROTOCOL, SUBPROTOCOL } from "../protocol/version.ts";
import { CLOSE_CODES, SocketReader, SocketWriter } from "../transport/messages.ts";
import { bulkGet, bulkPut, type ByteRange, GIVEN_STREAM } from "./bulk.ts";
import { type CallErrorReason, PoolCallError } from "./poolCallError.ts";
import type { PoolHost } from "./ssh/poolHost.ts";
import { messageOf } from "./userError.ts";

const CALL_TIMEOUT_MS = 60_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** An answer is late when it takes longer than this, and this many times the first one. */
const LATE_MS = 500;
const LATE_TIMES = 4;
/** Three of the server's pings. */
const SILENCE_MS = 90_000;

export interface CallOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
}

/** Opens a fresh stream to the pool's socket: a Unix socket here, an SSH channel there. */
export type OpenStream = () => Promise<Duplex>;
/** One for a transfer of so many bytes, 0 where it is not known: where several ways lead there it may take another one. */
export type OpenBulkStream = (bytes: number) => Promise<Duplex>;

export interface PoolConnection {
  readonly pool: PoolInfo;
  /** Null where the pool is on this machine. */
  readonly host: PoolHost | null;
  /** @throws PoolCallError, or the signal's reason */
  call<M extends MethodName>(method: M, params: Input<M>, options?: CallOptions): Promise<Result<M>>;
  /** A name has one listener: the last. */
  onNotification<N extends NotificationName>(name: N, listener: (value: Notification<N>) => void): void;
  /** Told at once when it is closed already. */
  onClosed(listener: (reason: string) => void): void;
  /** What the ticket stands for, or the range of it. */
  bulkGet(ticket: string, range: ByteRange | null, signal?: AbortSignal): Promise<Readable>;
  bulkPut(ticket: string, body: Readable, signal?: AbortSignal): Promise<void>;
  /** Whether the other end answers now: a few times as long as it took at first is waited for. */
  isAlive(): Promise<boolean>;
  /** @param reason told to who asks why it ended */
  close(reason?: string): void;
}

/** @throws PoolCallError (reason `version` when the two cannot speak) or the stream's own error */
export async function connect(
  openStream: OpenStream,
  client: { name: string; version: string },
  openBulkStream: OpenBulkStream = openStream,
  host: PoolHost | null = null,
): Promise<PoolConnection> {
  const stream = await openStream();
  const socket = new WebSocket(`ws+unix:${GIVEN_STREAM}:/`, [SUBPROTOCOL], {
    createConnection: () => stream,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  });
  try {
    await opened(socket);
  } catch (error) {
    stream.destroy();
    throw error;
  }
  const connection = new Connection(socket, openBulkStream, host);
  try {
    const hello = { protocol: PROTOCOL, client };
    const askedMs = performance.now();
    const { pool } = await connection.call("hello", hello, { timeoutMs: HANDSHAKE_TIMEOUT_MS });
    connection.lateMs = LATE_MS + LATE_TIMES * (performance.now() - askedMs);
    connection.pool = pool;
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.on("error", reject); // stays: an error after the first one must not go uncaught
    socket.once("unexpected-response", (_request, { statusCode }) => {
      reject(
        new PoolCallError(
          "version",
          `What answers there does not speak this editor's protocol (HTTP ${statusCode}).`,
          "Update Trainyard on the older side.",
        ),
      );
      socket.terminate();
    });
  });
}

class Connection implements PoolConnection {
  pool!: PoolInfo;
  lateMs = LATE_MS;
  readonly host: PoolHost | null;
  readonly #socket: WebSocket;
  readonly #openBulkStream: OpenBulkStream;
  readonly #connection: MessageConnection;
  readonly #closedListeners: ((reason: string) => void)[] = [];
  #closedReason: string | null = null;
  #silenceTimer: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, openBulkStream: OpenBulkStream, host: PoolHost | null) {
    this.host = host;
    this.#socket = socket;
    this.#openBulkStream = openBulkStream;
    const silent = { error() {}, warn() {}, info() {}, log() {} };
    this.#connection = createMessageConnection(new SocketReader(socket), new SocketWriter(socket), silent);
    this.#connection.onError(() => undefined); // the reader closes the socket, and that is told below
    socket.on("ping", () => this.#hear());
    socket.on("close", (_code, reason) => {
      clearTimeout(this.#silenceTimer);
      this.#closedReason ??= reason.toString("utf8") || "the connection ended";
      this.#connection.dispose();
      for (const listener of this.#closedListeners) listener(this.#closedReason);
    });
    this.#hear();
    this.#connection.listen();
  }

  async call<M extends MethodName>(
    method: M,
    params: Input<M>,
    { signal, timeoutMs = CALL_TIMEOUT_MS }: CallOptions = {},
  ): Promise<Result<M>> {
    signal?.throwIfAborted();
    if (this.#closedReason !== null) throw this.#disconnected(method);
    const cancellation = new CancellationTokenSource();
    let giveUp: (error: Error) => void = () => undefined;
    const givenUp = new Promise<never>((_resolve, reject) => {
      giveUp = (error) => {
        cancellation.cancel();
        reject(error);
      };
    });
    const onAbort = () => giveUp(reasonOf(signal));
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(() => giveUp(timedOut(method)), timeoutMs);
    try {
      const answer = this.#connection.sendRequest<unknown>(method, params, cancellation.token);
      const result = METHODS[method].result.safeParse(await Promise.race([answer, givenUp]));
      if (result.success) return result.data as Result<M>;
      throw new PoolCallError(
        "protocol",
        `The pool answered ${method} with something that is not of the protocol.`,
        "Update Trainyard on both sides.",
      );
    } catch (error) {
      if (signal?.aborted) throw reasonOf(signal);
      throw this.#understood(method, error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      cancellation.dispose();
    }
  }

  onNotification<N extends NotificationName>(name: N, listener: (value: Notification<N>) => void): void {
    this.#connection.onNotification(name, (raw: unknown) => {
      if (this.#closedReason !== null) return;
      const value = NOTIFICATIONS[name].safeParse(raw);
      if (value.success) return listener(value.data as Notification<N>);
      // A fault of the protocol: start over rather than go on with a hole in the state.
      this.#closedReason = `a notification (${name}) that is not of the protocol`;
      this.#end(CLOSE_CODES.notAMessage);
    });
  }

  onClosed(listener: (reason: string) => void): void {
    if (this.#socket.readyState === this.#socket.CLOSED) listener(this.#closedReason ?? "closed");
    else this.#closedListeners.push(listener);
  }

  bulkGet(ticket: string, range: ByteRange | null, signal?: AbortSignal): Promise<Readable> {
    return bulkGet(this.#openBulkStream, ticket, range, signal);
  }

  bulkPut(ticket: string, body: Readable, signal?: AbortSignal): Promise<void> {
    return bulkPut(this.#openBulkStream, ticket, body, signal);
  }

  isAlive(): Promise<boolean> {
    if (this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve(false);
    return new Promise((resolve) => {
      const settle = (isAlive: boolean): void => {
        clearTimeout(timer);
        this.#socket.off("pong", onPong);
        resolve(isAlive);
      };
      const onPong = (): void => settle(true);
      const timer = setTimeout(() => settle(false), this.lateMs);
      this.#socket.on("pong", onPong);
      this.#socket.ping(undefined, undefined, (error) => {
        if (error) settle(false);
      });
    });
  }

  close(reason = "closed"): void {
    this.#closedReason ??= reason;
    this.#end(1000);
  }

  #end(code: number): void {
    this.#socket.close(code);
    // Over a dead link the closing handshake would wait for 30 s.
    setTimeout(() => this.#socket.terminate(), 1000).unref();
  }

  /** A server that is there pings every 30 s; one that is frozen, or behind a dead line, does not. */
  #hear(): void {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => {
      this.#closedReason ??= "it gave no sign of life";
      this.#socket.terminate();
    }, SILENCE_MS).unref();
  }

  #understood(method: string, error: unknown): PoolCallError {
    if (error instanceof PoolCallError) return error;
    if (this.#closedReason !== null) return this.#disconnected(method);
    if (!(error instanceof ResponseError)) return new PoolCallError("failed", messageOf(error));
    const known = Object.entries(ERROR_CODES).find(([, code]) => code === error.code)?.[0];
    const data = ErrorData.safeParse(error.data ?? {});
    return new PoolCallError(
      (known as CallErrorReason | undefined) ?? "failed",
      error.message,
      (data.success ? data.data.remedy : undefined) ?? null,
    );
  }

  #disconnected(method: string): PoolCallError {
    return new PoolCallError(
      "disconnected",
      `The pool is not connected (${method}): ${this.#closedReason ?? "closed"}.`,
      "Trainings go on; try again when it is connected.",
    );
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException("The call was given up.", "AbortError");
}

function timedOut(method: string): PoolCallError {
  return new PoolCallError(
    "timeout",
    `The pool did not answer ${method} in time.`,
    "Try again; the pool server's log may say why.",
  );
}
