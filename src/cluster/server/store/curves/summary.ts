/**
 * What is kept of a run's curves beside its segment, so that they can be looked at without reading it: up to which byte of the
 * segment it goes, how far the event files were read there, and of each curve its pages, its pyramid and the points after the pages.
 * Replaced as a whole; made again from the segment when it is damaged, or of another one. All numbers are Float64, little-endian:
 *   u32 magic, u32 bytes of the head, u32 CRC-32 of head and body, u32 bytes of the body
 *   head: JSON, padded to a multiple of 8;  body: for each curve its pages' numbers, level 1 of its pyramid, its tail's columns
 *   behind that, read when it is first needed: for each curve level 0 of its pyramid, whose CRC-32 is in the head
 */
import fs from "node:fs";
import { crc32 } from "node:zlib";
import * as z from "zod";
import type { StoredPart } from "./curvePart.ts";
import { PageDamaged } from "./pageFile.ts";
import { keptNumbers, Pyramid } from "./pyramid.ts";

const MAGIC = 0x32535954; // "TYS2"
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
      baseCrc: z.number().int().nonnegative(),
    }),
  ),
});

type Known = Pick<z.infer<typeof Head>, "segmentBytes" | "lastBlock" | "pages" | "supersede" | "supersedes">;

export interface Summary extends Known {
  cursors: Map<string, number>;
  curves: StoredPart[];
}

/** @throws PageDamaged when level 0 of a pyramid is still to be read, and cannot be */
export function encodeSummary({ cursors, curves, ...rest }: Summary): Uint8Array {
  const kept = curves.map(({ pyramid }) => pyramid.kept);
  const head: z.infer<typeof Head> = {
    ...rest,
    cursors: [...cursors],
    curves: curves.map(({ group, name, rank, pyramid, pages, tail }, at) => ({
      group,
      name,
      rank,
      count: pyramid.count,
      notNumbers: pyramid.notNumbers,
      pages: pages.length,
      tail: tail.step.length,
      baseCrc: crc32(bytesOf(kept[at]?.base ?? new Float64Array())),
    })),
  };
  let json = Buffer.from(JSON.stringify(head));
  json = Buffer.concat([json, Buffer.alloc((8 - (json.byteLength % 8)) % 8, " ")]);
  const body = curves.flatMap(({ pages, tail }, at) => [
    Float64Array.from(pages),
    kept[at]?.second ?? new Float64Array(),
    tail.step,
    tail.time,
    tail.value,
  ]);
  const bodyBytes = body.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const header = Buffer.alloc(HEADER_BYTES);
  const first = Buffer.concat([header, json, ...body.map(bytesOf)]);
  first.writeUInt32LE(MAGIC, 0);
  first.writeUInt32LE(json.byteLength, 4);
  first.writeUInt32LE(crc32(first.subarray(HEADER_BYTES)), 8);
  first.writeUInt32LE(bodyBytes, 12);
  return Buffer.concat([first, ...kept.map(({ base }) => bytesOf(base))]);
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** @returns null when there is none, or it is not whole */
export function readSummary(path: string): Summary | null {
  // Short runs have none, and an error for each of a thousand takes its time.
  if (!fs.existsSync(path)) return null;
  let file: number;
  try {
    file = fs.openSync(path, "r");
  } catch {
    return null;
  }
  try {
    const header = readAt(file, 0, HEADER_BYTES);
    if (header?.readUInt32LE(0) !== MAGIC) return null;
    const [headBytes, crc, bodyBytes] = [4, 8, 12].map((at) => header.readUInt32LE(at)) as [
      number,
      number,
      number,
    ];
    const fileBytes = fs.fstatSync(file).size;
    if (HEADER_BYTES + headBytes + bodyBytes > fileBytes) return null;
    const first = readAt(file, HEADER_BYTES, headBytes + bodyBytes);
    if (first === null || crc32(first) !== crc) return null;
    return decode(path, first, headBytes, fileBytes);
  } catch {
    return null;
  } finally {
    fs.closeSync(file);
  }
}

function readAt(file: number, from: number, count: number): Buffer | null {
  const bytes = Buffer.allocUnsafe(count);
  return fs.readSync(file, bytes, 0, count, from) === count ? bytes : null;
}

function decode(path: string, first: Buffer, headBytes: number, fileBytes: number): Summary | null {
  const head = Head.safeParse(JSON.parse(first.toString("utf8", 0, headBytes)));
  if (!head.success) return null;
  const { cursors, curves, ...rest } = head.data;
  const wanted = curves.map(({ pages, count, tail }) => pages + keptNumbers(count).second + 3 * tail);
  if (wanted.reduce((sum, length) => sum + length * 8, headBytes) !== first.byteLength) return null;
  let position = headBytes;
  // Copies, so that what is kept of a curve does not keep the whole file.
  const column = (length: number) => {
    const numbers = new Float64Array(length);
    bytesOf(numbers).set(first.subarray(position, (position += length * 8)));
    return numbers;
  };
  let baseAt = HEADER_BYTES + first.byteLength;
  const parts = curves.map(({ group, name, rank, count, notNumbers, pages, tail, baseCrc }) => {
    const numbers = keptNumbers(count);
    const from = baseAt;
    baseAt += numbers.base * 8;
    const pageNumbers = [...column(pages)];
    const second = column(numbers.second);
    const points = { step: column(tail), time: column(tail), value: column(tail) };
    const readBase = () => readBaseAt(path, from, numbers.base, baseCrc);
    const pyramid = Pyramid.restore({ count, notNumbers, second }, points, readBase);
    return { group, name, rank, pages: pageNumbers, tail: points, pyramid };
  });
  return baseAt === fileBytes ? { ...rest, cursors: new Map(cursors), curves: parts } : null;
}

/** @throws PageDamaged when it is not what was written */
function readBaseAt(path: string, from: number, length: number, crc: number): Float64Array {
  const numbers = new Float64Array(length);
  const bytes = bytesOf(numbers);
  try {
    const file = fs.openSync(path, "r");
    try {
      fs.readSync(file, bytes, 0, bytes.byteLength, from);
    } finally {
      fs.closeSync(file);
    }
  } catch (error) {
    throw new PageDamaged(path, { cause: error });
  }
  if (crc32(bytes) !== crc) throw new PageDamaged(path);
  return numbers;
}
