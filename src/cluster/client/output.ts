/** Following, searching and numbering what a run prints: each in moments, so that all of it can be cancelled. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Stream } from "../protocol/events.ts";
import type { Input, Result } from "../protocol/methods.ts";
import type { LinePlace, OutputMatch } from "../protocol/output.ts";
import { MOST_PLACES } from "../protocol/outputLimits.ts";
import type { PoolCalls } from "./poolCalls.ts";

const CHUNK_BYTES = 1024 * 1024;
const WAIT_MS = 20_000;
/** Where the pool's server is one that does not wait. */
const LOOK_EVERY_MS = 300;

type Call = Pick<PoolCalls, "call">;
type OutputPart = Result<"output/read">;
export interface OutputOf {
  runId: string;
  stream: Stream;
}

/** What there is from `from` on (negative: so many bytes from the end), part by part. */
export async function* readOutput(
  pool: Call,
  { runId, stream }: OutputOf,
  from: number,
  signal?: AbortSignal,
): AsyncGenerator<OutputPart, void> {
  for (let offset = from; ;) {
    const part = await pool.call("output/read", { runId, stream, offset, limit: CHUNK_BYTES }, { signal });
    if (part.bytes.byteLength === 0) return;
    yield part;
    offset = part.offset + part.bytes.byteLength;
    if (offset >= part.size) return;
  }
}

/** The same, and what is printed from now on, until the run has ended. */
export async function* followOutput(
  pool: Call,
  { runId, stream }: OutputOf,
  from: number,
  signal?: AbortSignal,
): AsyncGenerator<OutputPart, void> {
  let offset = from;
  for (;;) {
    const asked = { runId, stream, offset, limit: CHUNK_BYTES, waitMs: WAIT_MS };
    const startedAt = performance.now();
    const part = await pool.call("output/read", asked, { signal });
    offset = part.offset + part.bytes.byteLength;
    if (part.bytes.byteLength > 0) yield part;
    if (part.ended) return;
    if (part.bytes.byteLength === 0 && performance.now() - startedAt < LOOK_EVERY_MS)
      await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** Matches as they are found, with how far the search has come. Ends at the last line, or when nobody asks on. */
export async function* searchOutput(
  pool: Call,
  asked: Input<"output/search">,
  signal?: AbortSignal,
): AsyncGenerator<Result<"output/search">, void> {
  for (let from = asked.from ?? null; ;) {
    const found = await pool.call("output/search", { ...asked, from }, { signal });
    yield found;
    if (found.next === null) return;
    from = found.next;
  }
}

/** The numbers of lines, once they are counted so far. @param onProgress share of the file that is counted */
export async function placesOfLines(
  pool: Call,
  { runId, stream }: OutputOf,
  wanted: { offsets?: number[]; lines?: number[] },
  signal?: AbortSignal,
  onProgress: (counted: number) => void = () => undefined,
): Promise<{ places: (LinePlace | null)[]; lineCount: number | null; droppedLines: number }> {
  for (;;) {
    const answer = await pool.call("output/lines", { runId, stream, ...wanted }, { signal });
    if (answer.counted >= answer.size || !answer.places.includes(null)) return answer;
    onProgress(answer.counted / answer.size);
  }
}

/** Fills in the numbers that a search did not know yet. */
export async function withLineNumbers(
  pool: Call,
  of: OutputOf,
  matches: readonly OutputMatch[],
  signal?: AbortSignal,
): Promise<OutputMatch[]> {
  const unknown = matches.filter(({ line }) => line === null);
  if (unknown.length === 0) return [...matches];
  const lines = new Map<number, number | null>();
  for (let first = 0; first < unknown.length; first += MOST_PLACES) {
    const offsets = unknown.slice(first, first + MOST_PLACES).map(({ offset }) => offset);
    const { places } = await placesOfLines(pool, of, { offsets }, signal);
    offsets.forEach((offset, index) => lines.set(offset, places[index]?.line ?? null));
  }
  return matches.map((match) => ({ ...match, line: match.line ?? lines.get(match.offset) ?? null }));
}
