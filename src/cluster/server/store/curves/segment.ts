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

/** @returns the valid blocks from the start of the file, and where the first invalid byte is (the length when none is) */
export function decodeBlocks(file: Uint8Array): { blocks: Block[]; validBytes: number } {
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const blocks: Block[] = [];
  let position = 0;
  while (position + HEADER_BYTES <= view.byteLength && view.readUInt32LE(position) === MAGIC) {
    const headBytes = view.readUInt32LE(position + 4);
    const bodyBytes = view.readUInt32LE(position + 8);
    const end = position + HEADER_BYTES + headBytes + bodyBytes;
    if (end > view.byteLength) break;
    const content = view.subarray(position + HEADER_BYTES, end);
    if (crc32(content) !== view.readUInt32LE(position + 12)) break;
    const block = decodeContent(content.subarray(0, headBytes), content.subarray(headBytes));
    if (block === null) break;
    blocks.push(block);
    position = end;
  }
  return { blocks, validBytes: position };
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
