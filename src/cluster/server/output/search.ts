/** One slice of a search through an output file: a moment's work, and where the next one goes on. */
import type { OutputMatch, SearchPlace } from "../../protocol/output.ts";
import type { Found, Matcher } from "./matcher.ts";
import type { StreamFile } from "./streamFile.ts";

const BLOCK_BYTES = 1024 * 1024;
/** A line without an end is looked at in blocks that share so much: nothing is cut in two. */
const OVERLAP_BYTES = 8 * 1024;
const NEWLINE = 10;

export interface SliceOptions {
  direction: "forward" | "backward";
  from: SearchPlace | null;
  limit: number;
  /** Of performance.now(). */
  until: number;
  blockBytes?: number;
}
export interface Slice {
  matches: Omit<OutputMatch, "line">[];
  next: SearchPlace | null;
}

export function searchSlice(file: StreamFile, matcher: Matcher, options: SliceOptions): Slice {
  return options.direction === "forward" ? forward(file, matcher, options) : backward(file, matcher, options);
}

function forward(
  file: StreamFile,
  matcher: Matcher,
  { from, limit, until, blockBytes = BLOCK_BYTES }: SliceOptions,
): Slice {
  const matches: Slice["matches"] = [];
  const memory = Buffer.allocUnsafe(blockBytes);
  let offset = Math.max(file.start, from?.offset ?? 0);
  let lineStart = from?.lineStart ?? null;
  let skips = lineStart === null && !beginsLine(file, offset);
  for (let blocks = 0; offset < file.size; blocks++) {
    if (blocks > 0 && performance.now() > until)
      return { matches, next: { offset, lineStart: skips ? null : lineStart } };
    const block = file.read(offset, blockBytes, memory);
    if (block.length === 0) break;
    let start = 0;
    if (skips) {
      start = block.indexOf(NEWLINE) + 1;
      if (start === 0) {
        offset += block.length;
        continue;
      }
      skips = false;
    }
    const isLast = offset + block.length >= file.size;
    const lastNewline = block.lastIndexOf(NEWLINE);
    const isEndless = !isLast && lastNewline < start;
    const end = isLast || isEndless ? block.length : lastNewline + 1;
    const found = matcher(block.subarray(0, end), start, limit - matches.length);
    for (const one of found) matches.push(placed(one, offset, one.line === 0 ? lineStart : null));
    const last = found.at(-1);
    if (last !== undefined && matches.length >= limit)
      return { matches, next: { offset: offset + last.line + 1, lineStart: null } };
    if (isLast) break;
    if (!isEndless) {
      offset += end;
      lineStart = null;
      continue;
    }
    if (last === undefined) {
      lineStart ??= offset + start;
      // Never back into the line before.
      offset += Math.max(start, block.length - overlap(block));
    } else {
      // Each line once.
      skips = true;
      lineStart = null;
      offset += block.length;
    }
  }
  return { matches, next: null };
}

function backward(
  file: StreamFile,
  matcher: Matcher,
  { from, limit, until, blockBytes = BLOCK_BYTES }: SliceOptions,
): Slice {
  const matches: Slice["matches"] = [];
  const memory = Buffer.allocUnsafe(blockBytes);
  let end = Math.min(file.size, from?.offset ?? file.size);
  for (let blocks = 0; end > file.start; blocks++) {
    if (blocks > 0 && performance.now() > until) return { matches, next: { offset: end, lineStart: null } };
    const begin = Math.max(file.start, end - blockBytes);
    const block = file.read(begin, end - begin, memory);
    if (block.length === 0) break;
    const newline = begin === file.start || beginsLine(file, begin) ? -1 : block.indexOf(NEWLINE);
    // The last newline ends the newest line: of a line longer than the block there is none before it.
    const start = newline >= 0 && newline < block.length - 1 ? newline + 1 : 0;
    const found = matcher(block, start, Infinity).reverse();
    for (const one of found) {
      if (matches.length < limit) matches.push(placed(one, begin, null));
      else return { matches, next: { offset: begin + one.line + 1, lineStart: null } };
    }
    const isEndless = start === 0 && begin > file.start;
    end =
      isEndless && !beginsLine(file, begin) ? Math.max(begin + overlap(block), file.start) : begin + start;
    if (begin === file.start) break;
    if (matches.length >= limit) return { matches, next: { offset: end, lineStart: null } };
  }
  return { matches, next: null };
}

const overlap = (block: Buffer): number => Math.min(OVERLAP_BYTES, Math.floor(block.length / 2));

function placed(found: Found, base: number, lineStart: number | null): Slice["matches"][number] {
  const { line, at, ...rest } = found;
  return { offset: lineStart ?? base + line, at: base + at, ...rest };
}

function beginsLine(file: StreamFile, offset: number): boolean {
  return offset <= file.start || file.readRaw(offset - 1, 1)[0] === NEWLINE;
}
