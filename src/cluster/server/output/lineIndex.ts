/**
 * How many lines end in each MiB of an output file. A file that grows is counted on; what was dropped at its start takes
 * its counts along. From that a line is found by reading one MiB.
 */
import type { LinePlace } from "../../protocol/output.ts";
import { countNewlines, nthNewline } from "./newlines.ts";
import type { StreamFile } from "./streamFile.ts";

export const BLOCK_BYTES = 1024 * 1024;

export class LineIndex {
  /** Number of the first block that is counted. */
  first = 0;
  /** Newlines in each whole block from there on. */
  counts: number[] = [];
  #droppedLines = 0;

  /** Up to which byte lines are counted. */
  get counted(): number {
    return (this.first + this.counts.length) * BLOCK_BYTES;
  }

  /** What was dropped is counted by who dropped it. */
  startAt(dropped: { bytes: number; lines: number }): void {
    const block = Math.floor(dropped.bytes / BLOCK_BYTES);
    this.#droppedLines = dropped.lines;
    if (block > this.first) this.counts.splice(0, block - this.first);
    else if (block < this.first) this.counts = [];
    this.first = block;
  }

  /** Goes on until the end of the file, or, after one block at least, until `until` of performance.now(). @returns whether all is counted */
  advance(file: StreamFile, until: number): boolean {
    const memory = Buffer.allocUnsafe(BLOCK_BYTES);
    for (let blocks = 0; this.counted + BLOCK_BYTES <= file.size; blocks++) {
      if (blocks > 0 && performance.now() > until) return false;
      const block = file.readRaw(this.counted, BLOCK_BYTES, memory);
      if (block.length < BLOCK_BYTES) return true;
      this.counts.push(countNewlines(block));
    }
    return true;
  }

  /** The line that a byte is in, counted from 1, and where it begins. Null: not counted so far. */
  lineAt(file: StreamFile, offset: number): LinePlace | null {
    if (offset < file.start || offset > file.size) return null;
    const block = Math.floor(offset / BLOCK_BYTES);
    if (block > this.first + this.counts.length) return null;
    const before = this.#before(block);
    const part = file.readRaw(block * BLOCK_BYTES, offset - block * BLOCK_BYTES);
    const line = before + countNewlines(part) + 1;
    const newline = part.lastIndexOf(10);
    if (newline >= 0) return { line, offset: block * BLOCK_BYTES + newline + 1 };
    return { line, offset: this.#lineStartBefore(file, block) };
  }

  /** Null: there is no such line, or it is not counted yet. */
  find(file: StreamFile, line: number): LinePlace | null {
    let left = line - 1 - this.#droppedLines;
    if (left < 0) return null;
    if (left === 0) return { line, offset: file.start };
    for (let index = 0; index <= this.counts.length; index++) {
      const count = this.counts[index] ?? Infinity;
      if (left <= count) return nthIn(file, (this.first + index) * BLOCK_BYTES, left, line);
      left -= count;
    }
    return null;
  }

  /** Null while they are not counted to the end. A last line without an end counts. */
  lineCount(file: StreamFile): number | null {
    if (file.size - this.counted >= BLOCK_BYTES) return null;
    const rest = file.readRaw(this.counted, file.size - this.counted);
    const isOpen = file.size > file.start && file.readRaw(file.size - 1, 1)[0] !== 10;
    return this.#before(this.first + this.counts.length) + countNewlines(rest) + Number(isOpen);
  }

  #before(block: number): number {
    let lines = this.#droppedLines;
    for (let index = 0; index < block - this.first; index++) lines += this.counts[index] ?? 0;
    return lines;
  }

  /** Of a line that is as long as the blocks before it. */
  #lineStartBefore(file: StreamFile, block: number): number {
    for (let at = block - 1; at >= this.first; at--) {
      if (this.counts[at - this.first] === 0) continue;
      const newline = file.readRaw(at * BLOCK_BYTES, BLOCK_BYTES).lastIndexOf(10);
      if (newline >= 0) return at * BLOCK_BYTES + newline + 1;
    }
    return file.start;
  }
}

function nthIn(file: StreamFile, start: number, nth: number, line: number): LinePlace | null {
  const at = nthNewline(file.readRaw(start, BLOCK_BYTES), nth);
  const offset = start + at + 1;
  return at < 0 || offset >= file.size ? null : { line, offset };
}
