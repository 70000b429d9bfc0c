/** Output with secrets blackened, at the offsets that it has in the file. */
import type { Stream } from "../../protocol/events.ts";
import { maskBytes, secretValues } from "../experiments/masking.ts";
import type { OutputPart, OutputReader } from "../ports.ts";

/** Reads a little more on both sides, so that a secret that the range cuts in two is still found. */
export async function readMaskedOutput(
  output: Pick<OutputReader, "read">,
  secrets: Record<string, string>,
  runId: string,
  stream: Stream,
  offset: number,
  limit: number,
): Promise<OutputPart> {
  const longest = Math.max(0, ...secretValues(secrets).map((value) => Buffer.byteLength(value)));
  if (longest === 0) return output.read(runId, stream, offset, limit);
  // Where the range begins: a negative offset counts from the end, and what was dropped is not there.
  const { offset: start, dropped: gone } = await output.read(runId, stream, offset, 0);
  const before = Math.min(longest, start - gone);
  const wide = await output.read(runId, stream, start - before, before + limit + longest);
  // Dropped meanwhile: what is left of it.
  const skipped = Math.max(0, start - wide.offset);
  const bytes = Uint8Array.from(wide.bytes);
  maskBytes(bytes, secrets);
  return { ...wide, bytes: bytes.subarray(skipped, skipped + limit), offset: wide.offset + skipped };
}
