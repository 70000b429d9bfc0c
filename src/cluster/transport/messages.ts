/** JSON-RPC messages over one WebSocket, for both ends: what vscode-jsonrpc wants of a transport, over protocol/frame.ts. */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  Message,
  type MessageReader,
  type MessageWriter,
} from "vscode-jsonrpc/node";
import type { RawData, WebSocket } from "ws";
import { decodeFrame, encodeFrame } from "../protocol/frame.ts";

/** Close codes of ours (4000 to 4999 are for applications). */
export const CLOSE_CODES = { notAMessage: 4001, tooSlow: 4002 } as const;

export class SocketReader extends AbstractMessageReader implements MessageReader {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
  }

  listen(callback: DataCallback): Disposable {
    this.#socket.on("message", (data, isBinary) => {
      let message: unknown;
      try {
        message = decodeFrame(isBinary ? bytesOf(data) : bytesOf(data).toString("utf8"));
      } catch (error) {
        this.fireError(error);
        this.#socket.close(CLOSE_CODES.notAMessage, "not a message");
        return;
      }
      if (isMessage(message)) callback(message);
      else this.#socket.close(CLOSE_CODES.notAMessage, "not a JSON-RPC message");
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

  write(message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(encodeFrame(message), (error) => (error ? reject(error) : resolve()));
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
