/** Fetches the files of a checkpoint in pieces, several at a time, whichever file they are of. */
import { rm } from "node:fs/promises";
import path from "node:path";
import type { ManifestFile } from "../../protocol/runDirectory.ts";
import { PoolCallError } from "../poolCallError.ts";
import type { PoolCalls } from "../poolCalls.ts";
import { messageOf } from "../userError.ts";
import { damaged } from "./download.ts";
import { IncomingFile } from "./incomingFile.ts";
import type { PartialRecord } from "./partial.ts";
import { cut, type Span } from "./spans.ts";

/** Twice as many as there are connections: while one piece is asked for, another one keeps its connection busy. */
const STREAMS = 8;
const LARGEST_PIECE_BYTES = 16 * 1024 * 1024;
const SMALLEST_PIECE_BYTES = 1024 * 1024;
const BATCH_BYTES = 1024 * 1024;
/** A ticket lives for an hour. */
const TICKET_MS = 30 * 60 * 1000;

export interface Receiving {
  pool: PoolCalls;
  uuid: string;
  /** What is to be fetched. */
  files: readonly ManifestFile[];
  /** Of the folder that they are written to. */
  record: PartialRecord;
  onBytes: (bytes: number) => void;
  /** Bytes that counted and proved wrong. */
  onLost: (bytes: number) => void;
  signal: AbortSignal | undefined;
}

interface Piece {
  file: Incoming;
  span: Span;
}

/** @throws UserError for damaged files, PoolCallError (`disconnected` where the link broke off), or the signal's reason */
export async function receiveFiles(receiving: Receiving): Promise<void> {
  const { record, files, signal } = receiving;
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const pieceBytes = Math.min(
    LARGEST_PIECE_BYTES,
    Math.max(SMALLEST_PIECE_BYTES, Math.ceil(total / (8 * STREAMS))),
  );
  // The large ones first: at the end small ones keep all streams busy.
  const largestFirst = [...files].sort((a, b) => b.bytes - a.bytes);
  const queue: Piece[] = [];
  const enqueue = (file: Incoming): void => {
    const parts = cut(file.content.missing, pieceBytes);
    // One that is there, or has no bytes, is only finished.
    for (const span of parts.length > 0 ? parts : [[0, 0] as const]) queue.push({ file, span });
  };
  const incoming: Incoming[] = [];
  const begin = (file: ManifestFile, spans = record.spansOf(file)): void => {
    const started = new Incoming(receiving, new IncomingFile(record.folder, file, spans));
    if (file.bytes > SMALLEST_PIECE_BYTES) record.watch(file, () => started.content.spans);
    incoming.push(started);
    enqueue(started);
  };
  for (const file of largestFirst) begin(file);

  const failed = new AbortController();
  const ended = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < queue.length) {
      ended.throwIfAborted();
      const piece = queue[next++];
      if (piece === undefined) return;
      const { file, span } = piece;
      await file.fetch(span, ended);
      if (!file.content.isComplete || file.isFinished) continue;
      file.isFinished = true;
      const { content } = file;
      if (await content.finish()) {
        record.forget(content.file.path);
        continue;
      }
      await rm(path.join(record.folder, content.file.path), { force: true });
      if (!content.wasBegun)
        throw damaged(content.file.path, "its bytes do not match the SHA-256 in its manifest");
      receiving.onLost(content.file.bytes);
      begin(content.file, []);
    }
  };
  const guarded = Array.from({ length: STREAMS }, () =>
    worker().catch((error: unknown) => {
      failed.abort(error);
    }),
  );
  await Promise.all(guarded);
  for (const file of incoming) await file.content.close();
  signal?.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
}

class Incoming {
  readonly content: IncomingFile;
  isFinished = false;
  readonly #receiving: Receiving;
  #ticket: { text: Promise<string>; atMs: number } | null = null;

  constructor(receiving: Receiving, content: IncomingFile) {
    this.#receiving = receiving;
    this.content = content;
  }

  async fetch([start, end]: Span, signal: AbortSignal): Promise<void> {
    const { pool, record, onBytes } = this.#receiving;
    if (start === end) return this.content.write(start, []);
    const name = this.content.file.path;
    let at = start;
    let batch: Buffer[] = [];
    let batched = 0;
    const flush = async (): Promise<void> => {
      const [chunks, length] = [batch, batched];
      [batch, batched] = [[], 0];
      await this.content.write(at - length, chunks);
      record.changed();
    };
    try {
      for await (const chunk of chunksOf(pool, await this.#open(signal), [start, end], signal)) {
        if (at + chunk.length > end)
          throw damaged(name, `it is longer than the ${this.content.file.bytes} bytes of its manifest`);
        at += chunk.length;
        batch.push(chunk);
        batched += chunk.length;
        onBytes(chunk.length);
        if (batched >= BATCH_BYTES) await flush();
      }
    } finally {
      // Also what came before the link broke off.
      if (batched > 0) await flush();
    }
    if (at < end)
      throw damaged(name, `it has ${at} bytes where its manifest says ${this.content.file.bytes}`);
    this.content.follow();
  }

  #open(signal: AbortSignal): Promise<string> {
    const nowMs = Date.now();
    if (this.#ticket === null || nowMs - this.#ticket.atMs > TICKET_MS) {
      const { pool, uuid } = this.#receiving;
      const source = { type: "checkpointFile", uuid, path: this.content.file.path } as const;
      const text = brokenOff(signal, () => pool.call("bulk/open", source, { signal })).then(
        ({ ticket }) => ticket,
      );
      this.#ticket = { text, atMs: nowMs };
    }
    return this.#ticket.text;
  }
}

async function* chunksOf(
  pool: PoolCalls,
  ticket: string,
  [start, end]: Span,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const body = await brokenOff(signal, () => pool.bulkGet(ticket, { start, end: end - 1 }, signal));
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const next = await brokenOff(signal, () => chunks.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    body.destroy();
  }
}

/** Whatever a stream says when its link is gone, in words that a person and restore() understand. */
async function brokenOff<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof PoolCallError) throw error;
    throw new PoolCallError(
      "disconnected",
      `The transfer broke off: ${messageOf(error)}.`,
      "Try again when the pool is connected: it goes on from there.",
    );
  }
}
