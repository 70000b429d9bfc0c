/**
 * What a `.safetensors` file holds, from its header alone: https://huggingface.co/docs/safetensors. The header may come
 * from a pool or from the net, so nothing in it is believed.
 */
import * as z from "zod";
import { UserError } from "../userError.ts";
import type { RangeReader } from "./poolFile.ts";

const LENGTH_BYTES = 8;
/** The format's own limit. */
const FORMAT_HEADER_BYTES = 100_000_000;
/** A hundred thousand tensors fit in; real files have a few thousand. */
const MOST_HEADER_BYTES = 16_000_000;

/** A newer type has a size that we do not know; its offsets say it all the same. */
const BITS: Readonly<Record<string, number>> = {
  ...{ F4: 4, F6_E2M3: 6, F6_E3M2: 6, F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8 },
  ...{ BOOL: 8, U8: 8, I8: 8, I16: 16, U16: 16, F16: 16, BF16: 16 },
  ...{ I32: 32, U32: 32, F32: 32, I64: 64, U64: 64, F64: 64, C64: 64 },
};

const Offset = z.number().int().nonnegative();
const Header = z.record(z.string(), z.unknown());
const Described = z.object({
  dtype: z.string().min(1).max(40),
  shape: z.array(Offset).max(64),
  data_offsets: z.tuple([Offset, Offset]),
});
const Metadata = z.record(z.string(), z.string());

export interface Tensor {
  name: string;
  /** As the file says it: F32, BF16, ... */
  type: string;
  shape: number[];
  bytes: number;
}

export interface Tensors {
  /** In the order of their bytes. */
  tensors: Tensor[];
  metadata: Record<string, string>;
  /** Of the whole file. */
  fileBytes: number;
}

/** @throws UserError that says what is wrong with the file, and whatever reading it throws */
export async function readTensors(file: RangeReader): Promise<Tensors> {
  if (file.bytes < LENGTH_BYTES)
    throw refused(`it has ${file.bytes} bytes, fewer than the format begins with`);
  const length = (await file.read(0, LENGTH_BYTES)).readBigUInt64LE();
  const most = BigInt(file.bytes - LENGTH_BYTES);
  if (length > BigInt(FORMAT_HEADER_BYTES))
    throw refused(`its header would have ${length} bytes, more than the format allows`);
  if (length > most) throw refused(`its header would have ${length} bytes, and ${most} follow`);
  if (length > BigInt(MOST_HEADER_BYTES))
    throw new UserError(
      `The file has a header of ${length} bytes, more than the ${MOST_HEADER_BYTES} that are shown.`,
      "Read it with the safetensors library.",
    );
  const headerBytes = Number(length);
  const header = await file.read(LENGTH_BYTES, headerBytes);
  return { ...parseHeader(header, file.bytes - LENGTH_BYTES - headerBytes), fileBytes: file.bytes };
}

/** @param dataBytes what follows the header @throws UserError */
export function parseHeader(header: Buffer, dataBytes: number): Omit<Tensors, "fileBytes"> {
  const { __metadata__: metadata = {}, ...described } = parsed(
    Header,
    json(header),
    "it has no list of tensors",
  );
  const placed = Object.entries(described).map(([name, value]) => {
    const about = `what it says of ${shown(name)} is not of the format`;
    const { dtype, shape, data_offsets: [begin, end] } = parsed(Described, value, about); // prettier-ignore
    const bits = BITS[dtype];
    const values = shape.reduce((product, size) => product * size, 1);
    if (end < begin || (bits !== undefined && values * bits !== (end - begin) * 8))
      throw refused(`${shown(name)} has ${end - begin} bytes, which is not what its shape and type take`);
    return { begin, end, tensor: { name, type: dtype, shape, bytes: end - begin } };
  });
  placed.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { begin, end, tensor } of placed) {
    if (begin !== at)
      throw refused(
        `the bytes of ${shown(tensor.name)} ${begin < at ? "overlap with" : "leave a gap after"} others'`,
      );
    at = end;
  }
  if (at !== dataBytes) throw refused(`its tensors have ${at} bytes, and ${dataBytes} follow the header`);
  return {
    tensors: placed.map(({ tensor }) => tensor),
    metadata: parsed(Metadata, metadata, "its metadata are not texts"),
  };
}

function json(header: Buffer): unknown {
  try {
    return JSON.parse(header.toString("utf8"));
  } catch {
    throw refused("its header is not JSON");
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, why: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw refused(why);
}

const shown = (name: string): string => JSON.stringify(name.slice(0, 200));

function refused(why: string): UserError {
  return new UserError(`This is not a safetensors file: ${why}.`, "It may be damaged, or still be written.");
}
