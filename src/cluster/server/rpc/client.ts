/** One connected client: its calls parsed, handed to the handlers, and answered. */
import {
  type CancellationToken,
  createMessageConnection,
  ErrorCodes,
  type MessageConnection,
  ResponseError,
} from "vscode-jsonrpc/node";
import type { WebSocket } from "ws";
import {
  ERROR_CODES,
  METHODS,
  type MethodName,
  type Notification,
  type NotificationName,
} from "../../protocol/methods.ts";
import { PROTOCOL } from "../../protocol/version.ts";
import { SocketReader, SocketWriter } from "../../transport/messages.ts";
import type { CallErrorShape, Handlers, Logger } from "../ports.ts";

/** Beyond this a client that does not read is cut off: it comes back and asks for what it missed. */
export const STUCK_CLIENT_BYTES = 64 * 1024 * 1024;

/** Calls of one client at a time; a call ends when its answer has left, so this bounds what a slow reader makes us hold. */
const MAX_PARALLEL_CALLS = 32;

/** What a client of any version may call before the versions are known to fit. */
const ALWAYS_ALLOWED: ReadonlySet<string> = new Set(["hello", "server/stop"]);

export class Client {
  readonly id: number;
  readonly #socket: WebSocket;
  readonly #connection: MessageConnection;
  readonly #handlers: Handlers;
  readonly #logger: Logger;
  readonly #running = new Set<AbortController>();
  #hasSaidHello = false;
  #hasAnswered = true;
  #pendingAtPing = 0;

  constructor(id: number, socket: WebSocket, handlers: Handlers, logger: Logger) {
    this.id = id;
    this.#socket = socket;
    this.#handlers = handlers;
    this.#logger = logger;
    const quiet = {
      error: (message: string) => logger.warn(message, { clientId: id }),
      warn() {},
      info() {},
      log() {},
    };
    this.#connection = createMessageConnection(new SocketReader(socket), new SocketWriter(socket), quiet, {
      maxParallelism: MAX_PARALLEL_CALLS,
    });
    this.#connection.onRequest((method, params, token) => this.#answer(method, params, token));
    this.#connection.onUnhandledNotification(() => undefined);
    this.#connection.onError(() => undefined); // the reader closes the socket
    socket.on("pong", () => (this.#hasAnswered = true));
    socket.on("close", () => {
      for (const call of this.#running) call.abort();
      this.#connection.dispose();
    });
    this.#connection.listen();
  }

  get pendingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Who has much pending is not told more (ports.ts: Broadcaster), so this does not hold anything back. */
  notify<N extends NotificationName>(name: N, value: Notification<N>): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.pendingBytes > STUCK_CLIENT_BYTES) return this.#cut("it does not read");
    this.#connection.sendNotification(name, value).catch(() => undefined); // the socket's end is told by the socket
  }

  /** Cuts off who has given no sign of life since the last call. */
  checkAlive(): void {
    // Behind megabytes on a slow line the ping is still on its way: as long as bytes go out, somebody is there.
    const isDraining = this.#pendingAtPing > 0 && this.pendingBytes < this.#pendingAtPing;
    if (!this.#hasAnswered && !isDraining) return this.#cut("it gave no sign of life");
    this.#hasAnswered = false;
    this.#pendingAtPing = this.pendingBytes;
    this.#socket.ping();
  }

  end(): void {
    this.#socket.terminate();
  }

  #cut(reason: string): void {
    this.#logger.warn("a client is cut off", { clientId: this.id, reason });
    this.end();
  }

  async #answer(name: string, raw: unknown, token: CancellationToken): Promise<unknown> {
    if (!Object.hasOwn(METHODS, name))
      return new ResponseError(
        ErrorCodes.MethodNotFound,
        `This pool's server does not know the call ${name.slice(0, 80)}.`,
        { remedy: "Update the pool server." },
      );
    const method = name as MethodName;
    const params = METHODS[method].params.safeParse(raw ?? {});
    if (!params.success) {
      const issue = params.error.issues[0];
      const where = issue && issue.path.length > 0 ? ` ${issue.path.join(".")}` : "";
      return new ResponseError(ERROR_CODES.invalid, `${method}:${where} ${issue?.message ?? "invalid"}`, {});
    }
    if (method === "hello") {
      const refusal = refuseVersion((params.data as { protocol: { major: number } }).protocol.major);
      if (refusal !== null) return refusal;
      this.#hasSaidHello = true;
    } else if (!this.#hasSaidHello && !ALWAYS_ALLOWED.has(method)) {
      return new ResponseError(ERROR_CODES.refused, `${method} before hello`, {
        remedy: "Say hello first.",
      });
    }
    const call = new AbortController();
    this.#running.add(call);
    const listener = token.onCancellationRequested(() => call.abort());
    try {
      const handler = this.#handlers[method] as (params: unknown, context: object) => unknown;
      return this.#checked(method, await handler(params.data, { clientId: this.id, signal: call.signal }));
    } catch (error) {
      return this.#told(method, error, call.signal.aborted);
    } finally {
      this.#running.delete(call);
      listener.dispose();
    }
  }

  #checked(method: MethodName, value: unknown): unknown {
    const result = METHODS[method].result.safeParse(value);
    if (result.success) return result.data;
    this.#logger.error("a result does not match the protocol", {
      method,
      issues: result.error.issues.slice(0, 5),
    });
    return new ResponseError(
      ErrorCodes.InternalError,
      `${method}: the pool server made an answer that is not of the protocol.`,
      { remedy: "This is a fault of Trainyard's; the pool server's log has the details." },
    );
  }

  #told(method: MethodName, error: unknown, wasCancelled: boolean): ResponseError<object> {
    if (isCallError(error)) {
      const { reason, message, remedy } = error;
      return new ResponseError(ERROR_CODES[reason], message, remedy ? { remedy } : {});
    }
    const message = error instanceof Error ? error.message : String(error);
    if (!wasCancelled)
      this.#logger.error("a call failed", {
        method,
        error: error instanceof Error ? (error.stack ?? message) : message,
      });
    return new ResponseError(ErrorCodes.InternalError, message, {});
  }
}

function refuseVersion(major: number): ResponseError<object> | null {
  if (major === PROTOCOL.major) return null;
  const [older, newer] =
    major < PROTOCOL.major ? ["editor's extension", "pool server"] : ["pool server", "editor's extension"];
  return new ResponseError(
    ERROR_CODES.version,
    `The editor speaks protocol ${major}, this pool ${PROTOCOL.major}: the ${older} is older than the ${newer}.`,
    { remedy: `Update the ${older}.`, details: { protocol: PROTOCOL } },
  );
}

function isCallError(error: unknown): error is Error & CallErrorShape {
  return (
    error instanceof Error &&
    "reason" in error &&
    typeof error.reason === "string" &&
    Object.hasOwn(ERROR_CODES, error.reason)
  );
}
