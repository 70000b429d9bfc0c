/**
 * The line index of a stream, kept beside its file (`.stdout.lines`) so that 10 GB are counted once. It is a cache: what
 * does not fit the file (another one, a shorter one, other bytes) is not used, and an error of the disk's is not said.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { BLOCK_BYTES, LineIndex } from "./lineIndex.ts";
import type { StreamFile } from "./streamFile.ts";

const VERSION = 1;
/** The end of what was counted: another file of the same inode would have to have the same bytes there. */
const SAMPLE_BYTES = 4096;

interface Header {
  version: number;
  inode: number;
  first: number;
  blocks: number;
  sample: string;
}

export const indexFileOf = (file: string): string =>
  path.join(path.dirname(file), `.${path.basename(file, ".log")}.lines`);

export function loadIndex(streamPath: string, file: StreamFile): LineIndex {
  const index = new LineIndex();
  try {
    const bytes = fs.readFileSync(indexFileOf(streamPath));
    const end = bytes.indexOf(10);
    const header = JSON.parse(bytes.toString("utf8", 0, end)) as Header;
    const counts = bytes.subarray(end + 1);
    const { version, inode, first, blocks } = header;
    const fits =
      version === VERSION &&
      inode === file.inode &&
      Number.isSafeInteger(first) &&
      first >= 0 &&
      counts.length === blocks * 4 &&
      header.sample === sampleOf(file, (first + blocks) * BLOCK_BYTES);
    if (!fits) return index;
    index.first = first;
    index.counts = Array.from({ length: blocks }, (_, at) => counts.readUInt32LE(at * 4));
  } catch {
    // None yet, or not readable: lines are counted anew.
  }
  return index;
}

export function saveIndex(streamPath: string, file: StreamFile, index: LineIndex): void {
  const target = indexFileOf(streamPath);
  const temporary = `${target}.${process.pid}.tmp`;
  const header: Header = {
    version: VERSION,
    inode: file.inode,
    first: index.first,
    blocks: index.counts.length,
    sample: sampleOf(file, index.counted),
  };
  const counts = Buffer.alloc(index.counts.length * 4);
  index.counts.forEach((count, at) => counts.writeUInt32LE(count, at * 4));
  try {
    fs.writeFileSync(temporary, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), counts]), {
      mode: 0o600,
    });
    fs.renameSync(temporary, target);
  } catch {
    // The disk is full or read-only: next time they are counted again.
    fs.rmSync(temporary, { force: true });
  }
}

/** Of what is before `end`; of a file that is shorter it is another one. */
export function sampleOf(file: StreamFile, end: number): string {
  if (end > file.size) return "";
  const from = Math.max(file.start, end - SAMPLE_BYTES);
  return createHash("sha256")
    .update(file.readRaw(from, Math.max(0, end - from)))
    .digest("hex");
}
