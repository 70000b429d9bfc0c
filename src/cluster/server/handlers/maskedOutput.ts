/** Output with secrets blackened, at the offsets that it has in the file. */
import type { Stream } from "../../protocol/events.ts";
import { maskBytes, secretValues } from "../experiments/masking.ts";
import type { OutputReader } from "../ports.ts";

/** Reads a little more on both sides, so that a secret that the range cuts in two is still found. */
export async function readMaskedOutput(
  output: Pick<OutputReader, "read">,
  secrets: Record<string, string>,
  runId: string,
  stream: Stream,
  offset: number,
  limit: number,
): Promise<{ bytes: Uint8Array; offset: number; size: number }> {
  const longest = Math.max(0, ...secretValues(secrets).map((value) => Buffer.byteLength(value)));
  if (longest === 0) return output.read(runId, stream, offset, limit);
  const { size } = await output.read(runId, stream, 0, 0);
  const start = Math.min(size, offset < 0 ? Math.max(0, size + offset) : offset);
  const before = Math.min(longest, start);
  const wide = await output.read(runId, stream, start - before, before + limit + longest);
  const bytes = Uint8Array.from(wide.bytes);
  maskBytes(bytes, secrets);
  return { bytes: bytes.subarray(before, before + limit), offset: start, size: wide.size };
}
