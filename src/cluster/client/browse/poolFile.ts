/** One file of a pool, read in pieces where it lies. */
import type { Input } from "../../protocol/methods.ts";
import { PoolCallError } from "../poolCallError.ts";
import type { PoolCalls } from "../poolCalls.ts";
import { messageOf } from "../userError.ts";

/** Something that has a size and can be read from anywhere: a file here, or one in a pool. */
export interface RangeReader {
  bytes: number;
  /** Exactly `length` bytes. @throws when they cannot be had */
  read(start: number, length: number): Promise<Buffer>;
}

/** @throws PoolCallError, or the signal's reason; what it reads, too */
export async function openPoolFile(
  pool: Pick<PoolCalls, "call" | "bulkGet">,
  source: Input<"bulk/open">,
  signal?: AbortSignal,
): Promise<RangeReader> {
  const { ticket, bytes } = await pool.call("bulk/open", source, { signal });
  if (!Number.isSafeInteger(bytes) || bytes < 0)
    throw new PoolCallError("protocol", `The pool says that ${source.path} has ${bytes} bytes.`);
  return {
    bytes,
    read: async (start, length) => {
      if (length === 0) return Buffer.alloc(0);
      const chunks: Buffer[] = [];
      let received = 0;
      try {
        const body = await pool.bulkGet(ticket, { start, end: start + length - 1 }, signal);
        for await (const chunk of body as AsyncIterable<Buffer>) {
          received += chunk.length;
          if (received > length) break; // leaving the loop destroys the stream
          chunks.push(chunk);
        }
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof PoolCallError) throw error;
        throw new PoolCallError(
          "disconnected",
          `Reading ${source.path} broke off: ${messageOf(error)}.`,
          "Open it again when the pool is connected.",
        );
      }
      if (received !== length)
        throw new PoolCallError(
          "failed",
          `${source.path} has changed while it was read: ${received} bytes came where ${length} were expected.`,
          "Open it again.",
        );
      return Buffer.concat(chunks, length);
    },
  };
}
