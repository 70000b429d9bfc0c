/** Bulk bytes by HTTP: GET with Range, and PUT, of what a ticket stands for. Nothing else has an address. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import { messageOf } from "../errors.ts";
import { NO_TICKET } from "../../protocol/methods.ts";
import type { BulkTarget, Logger, Tickets } from "../ports.ts";
import { readRange } from "./range.ts";

const LIFETIME_MS = 60 * 60 * 1000;
const PREFIX = "/bulk/";
const BINARY = { "content-type": "application/octet-stream" };

interface Ticket {
  clientId: number;
  target: BulkTarget;
  expiresAt: number;
}

export class Bulk implements Tickets {
  readonly #tickets = new Map<string, Ticket>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  issue(clientId: number, target: BulkTarget): string {
    for (const [name, { expiresAt }] of this.#tickets) if (expiresAt < Date.now()) this.#tickets.delete(name);
    const name = randomBytes(16).toString("hex");
    this.#tickets.set(name, { clientId, target, expiresAt: Date.now() + LIFETIME_MS });
    return name;
  }

  /** The tickets of a client end with its connection; transfers that have begun go on. */
  forget(clientId: number): void {
    for (const [name, ticket] of this.#tickets) if (ticket.clientId === clientId) this.#tickets.delete(name);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on("error", () => undefined); // a sender that goes away is told by `close`
    const name = request.url?.startsWith(PREFIX) ? request.url.slice(PREFIX.length) : "";
    if (name === "") return refuse(request, response, 404, "there is nothing there");
    const ticket = this.#tickets.get(name);
    if (ticket === undefined || ticket.expiresAt < Date.now())
      return refuse(request, response, NO_TICKET, "there is no such ticket");
    const { target } = ticket;
    try {
      if (request.method === "PUT" && target.kind === "sink") {
        this.#tickets.delete(name);
        await receive(request, response, target);
      } else if ((request.method === "GET" || request.method === "HEAD") && target.kind === "file")
        await sendFile(request, response, target);
      else if (request.method === "GET" && target.kind === "stream")
        await pipeline(target.open(), response.writeHead(200, BINARY));
      else await refuse(request, response, 405, "the ticket is for something else");
    } catch (error) {
      this.#logger.warn("a bulk transfer broke off", { kind: target.kind, error: messageOf(error) });
      if (response.headersSent) response.destroy();
      else await refuse(request, response, 500, messageOf(error));
    }
  }
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  target: Extract<BulkTarget, { kind: "sink" }>,
): Promise<void> {
  // A sink that gives up destroys what it reads from; the request must live on to carry the answer.
  const body = new PassThrough().on("error", () => undefined);
  const gone = new AbortController();
  request.once("error", (error) => body.destroy(error));
  response.once("close", () => gone.abort());
  request.pipe(body);
  await target.receive(body, gone.signal);
  response.writeHead(204).end();
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  target: Extract<BulkTarget, { kind: "file" }>,
): Promise<void> {
  // A named pipe of that name must not hold up the server.
  const file = await open(target.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    await sendRange(request, response, file);
  } finally {
    await file.close();
  }
}

async function sendRange(
  request: IncomingMessage,
  response: ServerResponse,
  file: FileHandle,
): Promise<void> {
  const status = await file.stat();
  if (!status.isFile()) return refuse(request, response, 404, "it is not a file");
  const range = readRange(request.headers.range, status.size);
  if (range === "unsatisfiable") {
    response.setHeader("content-range", `bytes */${status.size}`);
    return refuse(request, response, 416, "the file has no such range");
  }
  const { start, end } = range ?? { start: 0, end: status.size - 1 };
  response.writeHead(range === null ? 200 : 206, {
    ...BINARY,
    "content-length": end - start + 1,
    "accept-ranges": "bytes",
    ...(range === null ? {} : { "content-range": `bytes ${start}-${end}/${status.size}` }),
  });
  if (request.method === "HEAD" || end < start) response.end();
  else await pipeline(file.createReadStream({ start, end, autoClose: false }), response);
}

/** Reads what is still being sent: closing before that would take the answer from the sender, too. */
async function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
): Promise<void> {
  request.resume();
  if (!request.readableEnded && !request.destroyed) await once(request, "close").catch(() => undefined);
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}
