/** Bulk bytes by HTTP: GET with Range, and PUT, of what a ticket stands for. Nothing else has an address. */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { BulkTarget, Logger, Tickets } from "../ports.ts";

const LIFETIME_MS = 60 * 60 * 1000;
const PREFIX = "/bulk/";

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

  /** The tickets of a client end with its connection. */
  forget(clientId: number): void {
    for (const [name, ticket] of this.#tickets) if (ticket.clientId === clientId) this.#tickets.delete(name);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const name = request.url?.startsWith(PREFIX) ? request.url.slice(PREFIX.length) : "";
    const ticket = this.#tickets.get(name);
    if (ticket === undefined || ticket.expiresAt < Date.now()) return end(response, 404, "no such ticket");
    try {
      const { target } = ticket;
      if (request.method === "PUT" && target.kind === "sink") await receive(request, response, target);
      else if ((request.method === "GET" || request.method === "HEAD") && target.kind === "file")
        await sendFile(request, response, target);
      else if (request.method === "GET" && target.kind === "stream")
        await pipeline(target.open(), response.writeHead(200, BINARY));
      else end(response, 405, "not what this ticket is for");
    } catch (error) {
      this.#logger.warn("a bulk transfer broke off", { error: messageOf(error) });
      if (response.headersSent) response.destroy();
      else end(response, 500, messageOf(error));
    }
  }
}

const BINARY = { "content-type": "application/octet-stream" };

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  target: Extract<BulkTarget, { kind: "sink" }>,
): Promise<void> {
  const gone = new AbortController();
  request.once("aborted", () => gone.abort());
  await target.receive(request, gone.signal);
  end(response, 204, "");
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  target: Extract<BulkTarget, { kind: "file" }>,
): Promise<void> {
  const fd = fs.openSync(target.path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  const { size } = fs.fstatSync(fd);
  const range = rangeOf(request, size);
  if (range === null) {
    fs.closeSync(fd);
    response.setHeader("content-range", `bytes */${size}`);
    return end(response, 416, "no such range");
  }
  const isPart = request.headers.range !== undefined;
  const bytes = size === 0 ? 0 : range.end - range.start + 1;
  response.writeHead(isPart ? 206 : 200, {
    ...BINARY,
    "content-length": bytes,
    "accept-ranges": "bytes",
    ...(isPart ? { "content-range": `bytes ${range.start}-${range.end}/${size}` } : {}),
  });
  if (request.method === "HEAD" || bytes === 0) {
    fs.closeSync(fd);
    response.end();
    return;
  }
  await pipeline(fs.createReadStream("", { fd, ...range }), response);
}

/** One range, as browsers and ours ask for it. @returns null when it is none that the file has */
function rangeOf(request: IncomingMessage, size: number): { start: number; end: number } | null {
  const asked = request.headers.range;
  if (asked === undefined) return { start: 0, end: Math.max(0, size - 1) };
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(asked);
  if (match === null || (match[1] === "" && match[2] === "")) return null;
  const start = match[1] === "" ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = match[1] === "" || match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start <= last ? { start, end: last } : null;
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
