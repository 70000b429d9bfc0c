/**
 * What is kept of a run's curves beside its segment, so that they can be looked at without reading it: up to which byte of the
 * segment it goes, how far the event files were read there, and of each curve its pages, its pyramid and the points after the pages.
 * Replaced as a whole; made again from the segment when it is damaged, or of another one. All numbers are Float64, little-endian:
 *   u32 magic, u32 bytes of the head, u32 CRC-32 of head and body, u32 0
 *   head: JSON, padded to a multiple of 8;  body: for each curve its pages' numbers, level 0 of its pyramid, its tail's columns
 */
import { crc32 } from "node:zlib";
import * as z from "zod";
import type { StoredPart } from "./curvePart.ts";
import { BUCKET_FIELDS, BUCKET_POINTS, Pyramid } from "./pyramid.ts";

const MAGIC = 0x31535954; // "TYS1"
const HEADER_BYTES = 16;

const Head = z.object({
  segmentBytes: z.number().int().nonnegative(),
  /** The segment's last block before that byte. */
  lastBlock: z.object({ from: z.number().int().nonnegative(), crc: z.number().int().nonnegative() }),
  pages: z.number().int().nonnegative(),
  cursors: z.array(z.tuple([z.string(), z.number()])),
  supersede: z.number().nullable(),
  supersedes: z.number().int().nonnegative(),
  curves: z.array(
    z.object({
      group: z.string(),
      name: z.string(),
      rank: z.number(),
      count: z.number().int().nonnegative(),
      notNumbers: z.number().int().nonnegative(),
      pages: z.number().int().nonnegative(),
      tail: z.number().int().nonnegative(),
    }),
  ),
});

export interface Summary extends Pick<
  z.infer<typeof Head>,
  "segmentBytes" | "lastBlock" | "pages" | "supersede" | "supersedes"
> {
  cursors: Map<string, number>;
  curves: StoredPart[];
}

export function encodeSummary({ cursors, curves, ...rest }: Summary): Uint8Array {
  const head: z.infer<typeof Head> = {
    ...rest,
    cursors: [...cursors],
    curves: curves.map(({ group, name, rank, pyramid, pages, tail }) => ({
      group,
      name,
      rank,
      count: pyramid.count,
      notNumbers: pyramid.notNumbers,
      pages: pages.length,
      tail: tail.step.length,
    })),
  };
  let json = Buffer.from(JSON.stringify(head));
  json = Buffer.concat([json, Buffer.alloc((8 - (json.byteLength % 8)) % 8, " ")]);
  const columns = curves.flatMap(({ pages, pyramid, tail }) => [
    Float64Array.from(pages),
    pyramid.base,
    tail.step,
    tail.time,
    tail.value,
  ]);
  const bytes = Buffer.alloc(
    HEADER_BYTES + json.byteLength + columns.reduce((sum, { byteLength }) => sum + byteLength, 0),
  );
  json.copy(bytes, HEADER_BYTES);
  let position = HEADER_BYTES + json.byteLength;
  for (const column of columns) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), position);
    position += column.byteLength;
  }
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(json.byteLength, 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(HEADER_BYTES)), 8);
  return bytes;
}

/** @returns null when it is not whole */
export function decodeSummary(bytes: Buffer): Summary | null {
  if (bytes.byteLength < HEADER_BYTES || bytes.readUInt32LE(0) !== MAGIC) return null;
  if (crc32(bytes.subarray(HEADER_BYTES)) !== bytes.readUInt32LE(8)) return null;
  const bodyAt = HEADER_BYTES + bytes.readUInt32LE(4);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8", HEADER_BYTES, bodyAt));
  } catch {
    return null;
  }
  const head = Head.safeParse(json);
  if (!head.success) return null;
  const { cursors, curves, ...rest } = head.data;
  const wanted = curves.map(({ pages, count, tail }) => [
    pages,
    bucketsOf(count) * BUCKET_FIELDS,
    tail,
    tail,
    tail,
  ]);
  if (wanted.flat().reduce((sum, length) => sum + length * 8, bodyAt) !== bytes.byteLength) return null;
  let position = bodyAt;
  // Copies, so that what is kept of a curve does not keep the whole file.
  const column = (length: number) => {
    const numbers = new Float64Array(length);
    new Uint8Array(numbers.buffer).set(bytes.subarray(position, (position += length * 8)));
    return numbers;
  };
  return {
    ...rest,
    cursors: new Map(cursors),
    curves: curves.map(({ group, name, rank, count, notNumbers, pages, tail }) => ({
      group,
      name,
      rank,
      pages: [...column(pages)],
      pyramid: Pyramid.restore(column(bucketsOf(count) * BUCKET_FIELDS), count, notNumbers),
      tail: { step: column(tail), time: column(tail), value: column(tail) },
    })),
  };
}

function bucketsOf(count: number): number {
  return Math.ceil(count / BUCKET_POINTS);
}
