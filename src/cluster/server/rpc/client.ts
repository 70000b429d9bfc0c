/** One connected client: its calls parsed, handed to the handlers, and answered. */
import type {
  CancellationToken} from "vscode-jsonrpc/node";
import {
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

/** Above this nothing but the newest state is sent to a client that reads slowly. */
export const SLOW_CLIENT_BYTES = 8 * 1024 * 1024;
/** Above this it is cut off: it comes back and asks for what it missed. */
const STUCK_CLIENT_BYTES = 64 * 1024 * 1024;

export class Client {
  readonly id: number;
  readonly #socket: WebSocket;
  readonly #connection: MessageConnection;
  readonly #gone = new AbortController();
  #hasSaidHello = false;

  constructor(id: number, socket: WebSocket, handlers: Handlers, logger: Logger) {
    this.id = id;
    this.#socket = socket;
    const quiet = {
      error: (message: string) => logger.warn(message, { clientId: id }),
      warn() {},
      info() {},
      log() {},
    };
    this.#connection = createMessageConnection(new SocketReader(socket), new SocketWriter(socket), quiet);
    for (const method of Object.keys(METHODS) as MethodName[]) this.#serve(method, handlers, logger);
    this.#connection.onError(() => undefined); // the reader closes the socket
    socket.on("close", () => {
      this.#gone.abort();
      this.#connection.dispose();
    });
    this.#connection.listen();
  }

  get pendingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  notify<N extends NotificationName>(name: N, value: Notification<N>): void {
    if (this.#gone.signal.aborted) return;
    // What `live` says is said again by the next one; `events` that are missed are asked for again after the cut.
    if (name === "live" && this.pendingBytes > SLOW_CLIENT_BYTES) return;
    if (this.pendingBytes > STUCK_CLIENT_BYTES) return this.#socket.terminate();
    this.#connection.sendNotification(name, value).catch(() => undefined);
  }

  #serve(method: MethodName, handlers: Handlers, logger: Logger): void {
    this.#connection.onRequest(method, async (raw: unknown, token: CancellationToken) => {
      const params = METHODS[method].params.safeParse(raw ?? {});
      if (!params.success) {
        const issue = params.error.issues[0];
        return new ResponseError(
          ERROR_CODES.invalid,
          `${method}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "invalid"}`.trim(),
          {},
        );
      }
      if (method === "hello") {
        const refusal = refuseVersion((params.data as { protocol: { major: number } }).protocol.major);
        if (refusal !== null) return refusal;
        this.#hasSaidHello = true;
      } else if (!this.#hasSaidHello) {
        return new ResponseError(ERROR_CODES.refused, `${method} before hello`, {
          remedy: "Say hello first.",
        });
      }
      const cancelled = new AbortController();
      const listener = token.onCancellationRequested(() => cancelled.abort());
      const signal = AbortSignal.any([cancelled.signal, this.#gone.signal]);
      try {
        const handler = handlers[method] as (params: unknown, context: object) => unknown;
        const result = METHODS[method].result.safeParse(
          await handler(params.data, { clientId: this.id, signal }),
        );
        if (result.success) return result.data;
        logger.error("a result does not match the protocol", {
          method,
          issues: result.error.issues.slice(0, 5),
        });
        return new ResponseError(
          ErrorCodes.InternalError,
          `${method}: the pool server made an answer that is not of the protocol.`,
          {
            remedy: "This is a fault of Trainyard's; the pool server's log has the details.",
          },
        );
      } catch (error) {
        if (isCallError(error))
          return new ResponseError(
            ERROR_CODES[error.reason],
            error.message,
            error.remedy ? { remedy: error.remedy } : {},
          );
        if (!signal.aborted)
          logger.error("a call failed", {
            method,
            error: error instanceof Error ? (error.stack ?? error.message) : String(error),
          });
        return new ResponseError(
          ErrorCodes.InternalError,
          error instanceof Error ? error.message : String(error),
          {},
        );
      } finally {
        listener.dispose();
      }
    });
  }
}

function refuseVersion(major: number): ResponseError<object> | null {
  if (major === PROTOCOL.major) return null;
  const [older, newer] =
    major < PROTOCOL.major ? ["editor's extension", "pool server"] : ["pool server", "editor's extension"];
  return new ResponseError(
    ERROR_CODES.version,
    `The editor speaks protocol ${major}, this pool ${PROTOCOL.major}: the ${older} is older than the ${newer}.`,
    { remedy: `Update the ${older}.` },
  );
}

function isCallError(error: unknown): error is Error & CallErrorShape {
  return (
    error instanceof Error &&
    "reason" in error &&
    typeof error.reason === "string" &&
    error.reason in ERROR_CODES
  );
}
