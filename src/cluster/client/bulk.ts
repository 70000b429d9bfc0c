/** Bulk transfers by HTTP, each over a fresh stream to the pool's socket. */
import http from "node:http";
import { addAbortSignal, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { OpenBulkStream, OpenStream } from "./connection.ts";
import { NO_TICKET } from "../protocol/methods.ts";
import { PoolCallError } from "./poolCallError.ts";
import { messageOf } from "./userError.ts";

/**
 * Never opened, as every request is given its stream. In an extension host what has a host is sent by the proxy's agent in
 * place of our stream (`getaddrinfo ENOTFOUND`); what has a socket path is left alone. test/suite/main meets it.
 */
export const GIVEN_STREAM = "/given";

/** Both ends inclusive. */
export interface ByteRange {
  start: number;
  end: number;
}

/** @throws PoolCallError; what breaks off later is told by the stream */
export async function bulkGet(
  openStream: OpenBulkStream,
  ticket: string,
  range: ByteRange | null,
  signal?: AbortSignal,
): Promise<Readable> {
  const headers = range === null ? {} : { range: `bytes=${range.start}-${range.end}` };
  const bytes = range === null ? 0 : range.end - range.start + 1;
  const response = await ask(() => openStream(bytes), { method: "GET", ticket, headers }, signal);
  if (response.statusCode === (range === null ? 200 : 206)) return response;
  // Such a ticket lives as long as the connection that it was given on: the pool has noticed the cut before this end did.
  if (response.statusCode === NO_TICKET) {
    response.destroy();
    throw brokenOff("the connection was cut");
  }
  throw await refusalOf(response);
}

/** @throws PoolCallError, also when the pool will not have what was sent */
export async function bulkPut(
  openStream: OpenBulkStream,
  ticket: string,
  body: Readable,
  signal?: AbortSignal,
): Promise<void> {
  const response = await ask(() => openStream(0), { method: "PUT", ticket, headers: {}, body }, signal);
  if (response.statusCode !== 204) throw await refusalOf(response);
  response.resume();
}

interface Asked {
  method: "GET" | "PUT";
  ticket: string;
  headers: http.OutgoingHttpHeaders;
  body?: Readable;
}

async function ask(
  openStream: OpenStream,
  { method, ticket, headers, body }: Asked,
  signal?: AbortSignal,
): Promise<http.IncomingMessage> {
  signal?.throwIfAborted();
  const stream = await openStream();
  const request = http.request({
    method,
    socketPath: GIVEN_STREAM,
    path: `/bulk/${encodeURIComponent(ticket)}`,
    headers: { ...headers, connection: "close" },
    createConnection: () => stream,
  });
  const onAbort = () => void request.destroy(new Error("given up"));
  signal?.addEventListener("abort", onAbort, { once: true });
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once("response", resolve);
    request.on("error", reject); // stays: after the answer the response tells what goes wrong
  });
  let sourceError: unknown = null;
  if (body === undefined) request.end();
  else {
    body.once("error", (error) => (sourceError = error));
    // The server may refuse before it has read everything: then its answer counts.
    pipeline(body, request).catch((error: unknown) => void request.destroy(error as Error));
  }
  try {
    const response = await answered;
    return signal ? addAbortSignal(signal, response) : response;
  } catch (error) {
    stream.destroy();
    signal?.throwIfAborted();
    if (sourceError !== null) throw sourceError as Error;
    throw brokenOff(messageOf(error));
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

function brokenOff(why: string): PoolCallError {
  return new PoolCallError(
    "disconnected",
    `The transfer broke off: ${why}.`,
    "Try again when the pool is connected.",
  );
}

async function refusalOf(response: http.IncomingMessage): Promise<PoolCallError> {
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) {
    text += String(chunk);
    if (text.length > 1000) break; // the pool is not trusted; leaving the loop destroys the response
  }
  return new PoolCallError(
    response.statusCode === 404 || response.statusCode === NO_TICKET ? "notFound" : "failed",
    `The pool refused the transfer: ${text.slice(0, 1000)}.`,
  );
}
