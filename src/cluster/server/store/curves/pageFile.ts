/**
 * Pages of 1,024 points each in a file beside a run's segment, so that any part of a long curve is read without the rest. All are
 * of one size, so a page is found by its number. A copy of what the segment has, from which it is made again when it is damaged.
 */
import fs from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";
import type { Points } from "./columns.ts";

export const PAGE_POINTS = 1024;
const NUMBERS = PAGE_POINTS * 3;
/** The columns, then their CRC-32 and the page's number. */
const PAGE_BYTES = NUMBERS * 8 + 8;
/** Pages next to each other are read at once, up to so many. */
const MOST_AT_ONCE = 64;

/** The page is not what was written: the segment has it still. */
export class PageDamaged extends Error {
  override readonly name = "PageDamaged";
}

export class PageFile {
  readonly #path: string;
  /** Begins each checksum, so that pages of another run are not taken for this one's. */
  readonly #seed: number;
  #count: number;

  /** @param count pages that are known; what is behind them in the file is written over */
  constructor(file: string, count = 0) {
    this.#path = file;
    this.#seed = crc32(path.basename(file));
    this.#count = count;
  }

  get count(): number {
    return this.#count;
  }

  /** @param points a multiple of PAGE_POINTS @returns the numbers of the new pages */
  append({ step, time, value }: Points): number[] {
    const pages = step.length / PAGE_POINTS;
    const bytes = Buffer.alloc(pages * PAGE_BYTES);
    for (let page = 0; page < pages; page++) {
      const at = page * PAGE_BYTES;
      [step, time, value].forEach((column, index) => {
        const part = column.subarray(page * PAGE_POINTS, (page + 1) * PAGE_POINTS);
        bytes.set(
          new Uint8Array(part.buffer, part.byteOffset, part.byteLength),
          at + index * PAGE_POINTS * 8,
        );
      });
      bytes.writeUInt32LE(this.#count + page, at + NUMBERS * 8);
      bytes.writeUInt32LE(this.#checksum(bytes, at), at + NUMBERS * 8 + 4);
    }
    const file = fs.openSync(this.#path, this.#count === 0 ? "w" : "r+", 0o600);
    try {
      let written = 0;
      while (written < bytes.byteLength)
        written += fs.writeSync(
          file,
          bytes,
          written,
          bytes.byteLength - written,
          this.#count * PAGE_BYTES + written,
        );
    } finally {
      fs.closeSync(file);
    }
    const first = this.#count;
    this.#count += pages;
    return Array.from({ length: pages }, (_, page) => first + page);
  }

  /**
   * @param each gets each page, valid until it returns, and which of the wanted it is
   * @throws PageDamaged when one is not what was written
   */
  read(pages: readonly number[], each: (page: Points, index: number) => void): void {
    if (pages.length === 0) return;
    let file: number;
    try {
      file = fs.openSync(this.#path, "r");
    } catch (error) {
      throw new PageDamaged(this.#path, { cause: error });
    }
    try {
      for (let from = 0; from < pages.length;) {
        const first = pages[from] ?? 0;
        let to = from + 1;
        while (to < pages.length && to - from < MOST_AT_ONCE && pages[to] === first + to - from) to++;
        const bytes = Buffer.alloc((to - from) * PAGE_BYTES);
        const got = fs.readSync(file, bytes, 0, bytes.byteLength, first * PAGE_BYTES);
        if (got < bytes.byteLength) throw new PageDamaged(this.#path);
        for (let page = from; page < to; page++)
          each(this.#pageOf(bytes, page - from, pages[page] ?? -1), page);
        from = to;
      }
    } finally {
      fs.closeSync(file);
    }
  }

  #pageOf(bytes: Buffer, at: number, number: number): Points {
    const start = at * PAGE_BYTES;
    const isWhole =
      bytes.readUInt32LE(start + NUMBERS * 8) === number &&
      bytes.readUInt32LE(start + NUMBERS * 8 + 4) === this.#checksum(bytes, start);
    if (!isWhole) throw new PageDamaged(this.#path);
    const column = (index: number) =>
      new Float64Array(bytes.buffer, bytes.byteOffset + start + index * PAGE_POINTS * 8, PAGE_POINTS);
    return { step: column(0), time: column(1), value: column(2) };
  }

  #checksum(bytes: Buffer, at: number): number {
    return crc32(bytes.subarray(at, at + NUMBERS * 8 + 4), this.#seed);
  }
}
