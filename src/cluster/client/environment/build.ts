/** Has an environment built on a pool, and follows its log to the end. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Problem } from "../../protocol/environments.ts";
import type { Input } from "../../protocol/methods.ts";
import type { PoolCalls } from "../poolCalls.ts";

const READ_BYTES = 256 * 1024;
const ASK_AGAIN_MS = 250;

export interface BuildOptions {
  /** Text of the log, as it comes. */
  onOutput?: ((text: string) => void) | undefined;
  /** Ends the building there, too. */
  signal?: AbortSignal | undefined;
}

/** @returns why it did not succeed; null when it did */
export async function buildEnvironment(
  pool: PoolCalls,
  request: Input<"environment/build">,
  { onOutput, signal }: BuildOptions,
): Promise<Problem | null> {
  const { environmentId } = await pool.call("environment/build", request, { signal });
  const decoder = new TextDecoder();
  let offset = 0;
  try {
    for (;;) {
      const read = await pool.call(
        "environment/read",
        { environmentId, offset, limit: READ_BYTES },
        { signal },
      );
      offset = read.offset + read.bytes.length;
      const text = decoder.decode(read.bytes, { stream: true });
      if (text !== "") onOutput?.(text);
      if (read.bytes.length > 0 && offset < read.size) continue;
      if (read.state !== "building") return read.problem;
      await sleep(ASK_AGAIN_MS, undefined, { signal });
    }
  } catch (error) {
    // Who stops waiting has changed their mind; who lost the connection has not.
    if (signal?.aborted) await pool.call("environment/cancel", { environmentId }).catch(() => undefined);
    throw error;
  }
}
