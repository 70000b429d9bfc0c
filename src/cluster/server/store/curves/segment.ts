/**
 * The file format of curves: one append-only file a run, a cache of what the run's event files say.
 *
 * A file is a row of blocks. A block is
 *   u32 magic, u32 bytes of the head, u32 bytes of the body, u32 CRC-32 of head and body (all little-endian)
 *   head: JSON (BlockHead), padded with spaces so that the body starts at a multiple of 8
 *   body: for each series of the head its columns of Float64: steps, times (ms), values
 * One block holds everything that was read from the source ranges that it names, so a cut file (kill -9, full disk) loses
 * whole ranges, and reading the event files goes on exactly where the last valid block ends.
 */
import fs from "node:fs";
import { crc32 } from "node:zlib";
import * as z from "zod";

const MAGIC = 0x31435954; // "TYC1"
const HEADER_BYTES = 16;

const BlockHead = z.object({
  sources: z.array(z.object({ file: z.string(), from: z.number(), to: z.number() })),
  series: z.array(
    z.object({
      group: z.string(),
      name: z.string(),
      rank: z.number(),
      count: z.number().int().nonnegative(),
    }),
  ),
  /** This run went on from `step`: points of earlier runs beyond it are superseded. */
  supersede: z.number().optional(),
});
type BlockHead = z.infer<typeof BlockHead>;

export interface BlockSeries {
  group: string;
  name: string;
  rank: number;
  step: Float64Array;
  time: Float64Array;
  value: Float64Array;
}
export interface Block {
  sources: BlockHead["sources"];
  series: BlockSeries[];
  supersede?: number;
}

export function encodeBlock(block: Block): Uint8Array {
  const head: BlockHead = {
    sources: block.sources,
    series: block.series.map(({ group, name, rank, step }) => ({ group, name, rank, count: step.length })),
    ...(block.supersede === undefined ? {} : { supersede: block.supersede }),
  };
  let json = Buffer.from(JSON.stringify(head));
  const padding = (8 - (json.byteLength % 8)) % 8;
  if (padding > 0) json = Buffer.concat([json, Buffer.alloc(padding, " ")]);
  const bodyBytes = block.series.reduce((sum, { step }) => sum + step.length * 24, 0);
  const bytes = Buffer.alloc(HEADER_BYTES + json.byteLength + bodyBytes);
  json.copy(bytes, HEADER_BYTES);
  let position = HEADER_BYTES + json.byteLength;
  for (const { step, time, value } of block.series) {
    for (const column of [step, time, value]) {
      bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), position);
      position += column.byteLength;
    }
  }
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(json.byteLength, 4);
  bytes.writeUInt32LE(bodyBytes, 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(HEADER_BYTES)), 12);
  return bytes;
}

/** Bytes of a file that are looked at at once: a long one is read without being held. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/**
 * Reads a file block by block from the byte `from` on, which a block begins at. A file that is not there has none.
 * @returns the end of the last valid block, that block (null: there is none), and the size of the file
 */
export function readBlocks(
  path: string,
  from: number,
  each: (block: Block) => void,
): { validBytes: number; lastBlock: BlockPlace | null; fileBytes: number } {
  let file: number;
  try {
    file = fs.openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { validBytes: 0, lastBlock: null, fileBytes: 0 };
  }
  try {
    const fileBytes = fs.fstatSync(file).size;
    let position = Math.min(from, fileBytes);
    let lastBlock: BlockPlace | null = null;
    let windowBytes = WINDOW_BYTES;
    while (position < fileBytes) {
      const window = Buffer.allocUnsafe(Math.min(windowBytes, fileBytes - position));
      const got = fs.readSync(file, window, 0, window.byteLength, position);
      const held = window.subarray(0, got);
      let at = 0;
      let read = blockAt(held, at);
      while (read !== null && read !== "cut") {
        each(read.block);
        lastBlock = { from: position + at, crc: read.crc };
        at = read.end;
        read = blockAt(held, at);
      }
      position += at;
      if (read === null || position + got - at >= fileBytes) break;
      // A block that is longer than the window.
      windowBytes = at === 0 ? windowBytes * 2 : WINDOW_BYTES;
    }
    return { validBytes: position, lastBlock, fileBytes };
  } finally {
    fs.closeSync(file);
  }
}

export interface BlockPlace {
  from: number;
  crc: number;
}

/** Whether the file has this very block there, and it ends at `to`. Its content is not read. */
export function hasBlock(path: string, { from, crc }: BlockPlace, to: number): boolean {
  let file: number;
  try {
    file = fs.openSync(path, "r");
  } catch {
    return false;
  }
  try {
    const head = Buffer.alloc(HEADER_BYTES);
    return (
      fs.readSync(file, head, 0, HEADER_BYTES, from) === HEADER_BYTES &&
      head.readUInt32LE(0) === MAGIC &&
      head.readUInt32LE(12) === crc &&
      from + HEADER_BYTES + head.readUInt32LE(4) + head.readUInt32LE(8) === to &&
      fs.fstatSync(file).size >= to
    );
  } finally {
    fs.closeSync(file);
  }
}

export function crcOfBlock(block: Uint8Array): number {
  return Buffer.from(block.buffer, block.byteOffset, block.byteLength).readUInt32LE(12);
}

/** @returns null: no valid block begins there; "cut": there may be one, but its end is not there */
function blockAt(view: Buffer, position: number): { block: Block; crc: number; end: number } | "cut" | null {
  if (position + HEADER_BYTES > view.byteLength) return "cut";
  if (view.readUInt32LE(position) !== MAGIC) return null;
  const headBytes = view.readUInt32LE(position + 4);
  const bodyBytes = view.readUInt32LE(position + 8);
  const end = position + HEADER_BYTES + headBytes + bodyBytes;
  if (end > view.byteLength) return "cut";
  const content = view.subarray(position + HEADER_BYTES, end);
  const crc = view.readUInt32LE(position + 12);
  if (crc32(content) !== crc) return null;
  const block = decodeContent(content.subarray(0, headBytes), content.subarray(headBytes));
  return block === null ? null : { block, crc, end };
}

function decodeContent(headBytes: Buffer, body: Buffer): Block | null {
  let json: unknown;
  try {
    json = JSON.parse(headBytes.toString("utf8"));
  } catch {
    return null;
  }
  const head = BlockHead.safeParse(json);
  if (!head.success) return null;
  const points = head.data.series.reduce((sum, { count }) => sum + count, 0);
  if (points * 24 !== body.byteLength) return null;
  // One aligned copy; the columns are views of it.
  const numbers = new Float64Array(points * 3);
  new Uint8Array(numbers.buffer).set(body);
  let position = 0;
  const column = (count: number) => numbers.subarray(position, (position += count));
  const series = head.data.series.map(({ group, name, rank, count }) => ({
    group,
    name,
    rank,
    step: column(count),
    time: column(count),
    value: column(count),
  }));
  return {
    sources: head.data.sources,
    series,
    ...(head.data.supersede === undefined ? {} : { supersede: head.data.supersede }),
  };
}
