/** JSON-RPC messages over one WebSocket, for both ends: what vscode-jsonrpc wants of a transport, over protocol/frame.ts. */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  ErrorCodes,
  Message,
  type MessageReader,
  type MessageWriter,
} from "vscode-jsonrpc/node";
import type { RawData, WebSocket } from "ws";
import { decodeFrame, encodeFrame, FrameError, MAX_MESSAGE_BYTES } from "../protocol/frame.ts";

/** Close codes of ours (4000 to 4999 are for applications). */
export const CLOSE_CODES = { notAMessage: 4001 } as const;

export class SocketReader extends AbstractMessageReader implements MessageReader {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
  }

  listen(callback: DataCallback): Disposable {
    this.#socket.on("message", (data, isBinary) => {
      if (this.#socket.readyState !== this.#socket.OPEN) return; // refused already
      try {
        const message = decodeFrame(isBinary ? bytesOf(data) : bytesOf(data).toString("utf8"));
        if (!isMessage(message)) throw new FrameError("not a JSON-RPC message");
        callback(message); // throws on some that only look like one, e.g. a cancellation of nothing
      } catch (error) {
        this.fireError(error);
        this.#socket.close(CLOSE_CODES.notAMessage, "not a message");
      }
    });
    this.#socket.on("error", (error) => this.fireError(error));
    this.#socket.on("close", () => this.fireClose());
    return { dispose: () => undefined };
  }
}

export class SocketWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.on("close", () => this.fireClose());
  }

  /** Resolves when the message has left this process. */
  async write(message: Message): Promise<void> {
    let frame = encodeFrame(message);
    if (isTooLong(frame)) {
      const text = `A message may have ${MAX_MESSAGE_BYTES / 1024 ** 2} MiB; this one is longer.`;
      // The other end would cut the connection: better that one call fails.
      if (!Message.isResponse(message)) throw new FrameError(text);
      frame = encodeFrame({
        jsonrpc: "2.0",
        id: message.id,
        error: { code: ErrorCodes.InternalError, message: text },
      });
    }
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(frame, (error) => (error ? reject(error) : resolve()));
    });
  }

  end(): void {
    // The connection's owner closes the socket.
  }
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== "object" || value === null) return false;
  const { jsonrpc } = value as { jsonrpc?: unknown };
  if (jsonrpc !== "2.0") return false;
  const message = value as Message;
  return Message.isRequest(message) || Message.isNotification(message) || Message.isResponse(message);
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

function isTooLong(frame: string | Uint8Array): boolean {
  if (typeof frame !== "string") return frame.byteLength > MAX_MESSAGE_BYTES;
  // UTF-8 has at most three bytes for each UTF-16 unit: most messages need no count.
  return frame.length * 3 > MAX_MESSAGE_BYTES && Buffer.byteLength(frame) > MAX_MESSAGE_BYTES;
}
