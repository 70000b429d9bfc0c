/** One output file as a search reads it: synchronously (it has a thread of its own), with secrets blackened. */
import fs from "node:fs";
import { maskBytes, secretValues } from "../experiments/masking.ts";

/** The script can put anything in their place: no link is followed, and no pipe waited for. */
export const READ_PLAIN = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

export interface StreamPlace {
  /** Absolute path. */
  file: string;
  /** Bytes at the start that are gone, and the lines that ended in them. */
  dropped: { bytes: number; lines: number };
  secrets: Record<string, string>;
}

export class StreamFile {
  readonly size: number;
  readonly inode: number;
  readonly start: number;
  readonly #descriptor: number | null;
  readonly #secrets: Record<string, string>;
  readonly #longest: number;

  /** A file that is not there, or is none, is empty. */
  constructor({ file, dropped, secrets }: StreamPlace) {
    this.#secrets = secrets;
    this.#longest = Math.max(0, ...secretValues(secrets).map((value) => Buffer.byteLength(value)));
    const opened = openPlain(file);
    this.#descriptor = opened?.descriptor ?? null;
    this.size = opened?.size ?? 0;
    this.inode = opened?.inode ?? 0;
    this.start = Math.min(dropped.bytes, this.size);
  }

  close(): void {
    if (this.#descriptor !== null) fs.closeSync(this.#descriptor);
  }

  /**
   * As it is in the file.
   * @param into memory that is used where it is large enough: new memory costs as much as the reading
   * @throws Error of the disk's
   */
  readRaw(from: number, length: number, into?: Buffer): Buffer {
    const wanted = Math.max(0, Math.min(length, this.size - from));
    const bytes = into && into.length >= wanted ? into.subarray(0, wanted) : Buffer.allocUnsafe(wanted);
    if (this.#descriptor === null) return bytes.subarray(0, 0);
    let filled = 0;
    while (filled < bytes.length) {
      const read = fs.readSync(this.#descriptor, bytes, filled, bytes.length - filled, from + filled);
      if (read === 0) break;
      filled += read;
    }
    return bytes.subarray(0, filled);
  }

  /** A little more is read on both sides, so that a secret that the range cuts in two is still found. */
  read(from: number, length: number, into?: Buffer): Buffer {
    if (this.#longest === 0) return this.readRaw(from, length, into);
    const before = Math.min(this.#longest, from - this.start);
    const wide = this.readRaw(from - before, before + length + this.#longest);
    maskBytes(wide, this.#secrets);
    return wide.subarray(before, before + length);
  }
}

function openPlain(file: string): { descriptor: number; size: number; inode: number } | null {
  let descriptor: number;
  try {
    descriptor = fs.openSync(file, READ_PLAIN);
  } catch {
    return null;
  }
  const stat = fs.fstatSync(descriptor);
  if (stat.isFile()) return { descriptor, size: stat.size, inode: stat.ino };
  fs.closeSync(descriptor);
  return null;
}
