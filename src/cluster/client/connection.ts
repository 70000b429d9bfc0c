/** One connection to a pool: typed calls, notifications and bulk transfers over whatever duplex stream is given. */
import http from "node:http";
import type { Duplex, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
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
import { SocketReader, SocketWriter } from "../transport/messages.ts";
import { UserError } from "./userError.ts";

const CALL_TIMEOUT_MS = 60_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/**
 * VS Code puts its proxy's agent in place of `createConnection` in every HTTP request of an extension, but for those to a
 * socket's path. The streams are made by us; this path is never opened.
 */
const NO_PROXY_PATH = "/pool";

export type CallErrorReason = keyof typeof ERROR_CODES | "disconnected" | "protocol" | "timeout" | "failed";

/** A call that did not succeed: what happened, and what to do next. */
export class PoolCallError extends UserError {
  readonly reason: CallErrorReason;
  constructor(reason: CallErrorReason, message: string, remedy: string | null = null) {
    super(message, remedy);
    this.reason = reason;
  }
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
}

/** Opens a fresh stream to the pool's socket: a Unix socket here, an SSH channel there. */
export type OpenStream = () => Promise<Duplex>;

export interface PoolConnection {
  readonly pool: PoolInfo;
  call<M extends MethodName>(method: M, params: Input<M>, options?: CallOptions): Promise<Result<M>>;
  onNotification<N extends NotificationName>(name: N, listener: (value: Notification<N>) => void): void;
  onClosed(listener: (reason: string) => void): void;
  /** Bytes `start` to `end` (inclusive) of what the ticket stands for; the whole without a range. */
  bulkGet(
    ticket: string,
    range: { start: number; end: number } | null,
    signal?: AbortSignal,
  ): Promise<Readable>;
  bulkPut(ticket: string, body: Readable, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/** @throws PoolCallError (reason `version` when the two cannot speak) or the stream's own error */
export async function connect(
  openStream: OpenStream,
  client: { name: string; version: string },
): Promise<PoolConnection> {
  const stream = await openStream();
  const socket = new WebSocket(`ws+unix:${NO_PROXY_PATH}:/`, [SUBPROTOCOL], {
    createConnection: () => stream,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  const connection = new Connection(socket, openStream);
  try {
    const { pool } = await connection.call("hello", { protocol: PROTOCOL, client });
    connection.pool = pool;
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

class Connection implements PoolConnection {
  pool!: PoolInfo;
  readonly #socket: WebSocket;
  readonly #openStream: OpenStream;
  readonly #connection: MessageConnection;
  readonly #closedListeners: ((reason: string) => void)[] = [];
  #closedReason: string | null = null;

  constructor(socket: WebSocket, openStream: OpenStream) {
    this.#socket = socket;
    this.#openStream = openStream;
    const silent = { error() {}, warn() {}, info() {}, log() {} };
    this.#connection = createMessageConnection(new SocketReader(socket), new SocketWriter(socket), silent);
    this.#connection.onError(() => undefined); // the reader closes the socket, and that is told below
    socket.on("error", () => undefined);
    socket.on("close", (code, reason) => {
      this.#closedReason =
        reason.length > 0
          ? reason.toString("utf8")
          : code === 1000
            ? "closed"
            : `the connection ended (${code})`;
      this.#connection.dispose();
      for (const listener of this.#closedListeners) listener(this.#closedReason);
    });
    this.#connection.listen();
  }

  async call<M extends MethodName>(
    method: M,
    params: Input<M>,
    options: CallOptions = {},
  ): Promise<Result<M>> {
    options.signal?.throwIfAborted();
    if (this.#closedReason !== null) throw this.#disconnected(method);
    const cancellation = new CancellationTokenSource();
    const timeout = AbortSignal.timeout(options.timeoutMs ?? CALL_TIMEOUT_MS);
    const stop = AbortSignal.any([timeout, ...(options.signal ? [options.signal] : [])]);
    const answer = this.#connection.sendRequest<unknown>(method, params, cancellation.token);
    try {
      const raw = await Promise.race([answer, rejectWhen(stop)]);
      const result = METHODS[method].result.safeParse(raw);
      if (!result.success) {
        throw new PoolCallError(
          "protocol",
          `The pool answered ${method} with something that is not of the protocol.`,
          "Update Trainyard on both sides.",
        );
      }
      return result.data as Result<M>;
    } catch (error) {
      answer.catch(() => undefined);
      if (stop.aborted) {
        cancellation.cancel();
        options.signal?.throwIfAborted();
        throw new PoolCallError(
          "timeout",
          `The pool did not answer ${method} in time.`,
          "Try again; the pool server's log may say why.",
        );
      }
      throw this.#understood(method, error);
    } finally {
      cancellation.dispose();
    }
  }

  onNotification<N extends NotificationName>(name: N, listener: (value: Notification<N>) => void): void {
    this.#connection.onNotification(name, (raw: unknown) => {
      const value = NOTIFICATIONS[name].safeParse(raw);
      // What cannot be read is a fault of the protocol: start over rather than go on with a hole in the state.
      if (value.success) listener(value.data as Notification<N>);
      else this.#socket.close(4001, `a ${name} notification that is not of the protocol`);
    });
  }

  onClosed(listener: (reason: string) => void): void {
    if (this.#closedReason === null) this.#closedListeners.push(listener);
    else listener(this.#closedReason);
  }

  async bulkGet(
    ticket: string,
    range: { start: number; end: number } | null,
    signal?: AbortSignal,
  ): Promise<Readable> {
    const headers = range === null ? {} : { range: `bytes=${range.start}-${range.end}` };
    const { response } = await this.#http("GET", ticket, headers, signal);
    if (response.statusCode !== 200 && response.statusCode !== 206) throw await refusalOf(response);
    return response;
  }

  async bulkPut(ticket: string, body: Readable, signal?: AbortSignal): Promise<void> {
    const { response } = await this.#http("PUT", ticket, {}, signal, body);
    if (response.statusCode !== 204) throw await refusalOf(response);
    response.resume();
  }

  close(): void {
    this.#socket.close(1000);
    // Over a dead link the closing handshake would wait for 30 s.
    setTimeout(() => this.#socket.terminate(), 1000).unref();
  }

  async #http(
    method: string,
    ticket: string,
    headers: http.OutgoingHttpHeaders,
    signal?: AbortSignal,
    body?: Readable,
  ): Promise<{ response: http.IncomingMessage }> {
    const stream = await this.#openStream();
    const request = http.request({
      method,
      socketPath: NO_PROXY_PATH,
      path: `/bulk/${ticket}`,
      headers: { ...headers, connection: "close" },
      createConnection: () => stream,
      ...(signal ? { signal } : {}),
    });
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once("response", resolve);
      request.once("error", reject);
    });
    if (body === undefined) request.end();
    // The server may refuse before it has read everything: then its answer counts, not the broken pipe.
    else
      pipeline(body, request).catch(
        (error: unknown) => void (request.destroyed || request.destroy(error as Error)),
      );
    try {
      return { response: await answered };
    } catch (error) {
      stream.destroy();
      signal?.throwIfAborted();
      throw new PoolCallError(
        "disconnected",
        `The transfer broke off: ${messageOf(error)}.`,
        "Try again when the pool is connected.",
      );
    }
  }

  #understood(method: string, error: unknown): Error {
    if (error instanceof PoolCallError) return error;
    if (this.#closedReason !== null) return this.#disconnected(method);
    if (!(error instanceof ResponseError)) return new PoolCallError("failed", messageOf(error));
    const reason = Object.entries(ERROR_CODES).find(([, code]) => code === error.code)?.[0] as
      CallErrorReason | undefined;
    const data = ErrorData.safeParse(error.data ?? {});
    return new PoolCallError(
      reason ?? "failed",
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

async function refusalOf(response: http.IncomingMessage): Promise<PoolCallError> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8").slice(0, 1000);
  return new PoolCallError(
    response.statusCode === 404 ? "notFound" : "failed",
    `The pool refused the transfer: ${text}.`,
  );
}

function rejectWhen(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true }),
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
