/** A restore that outlives its connection: after each cut it waits for the next one, and goes on from where it was. */
import { rmdir } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PoolCalls } from "../poolCalls.ts";
import { retryDelayMs } from "../retry.ts";
import { isCut, restoreCheckpoint, type Restored, type RestoreOptions } from "../restore.ts";
import { exists } from "./folder.ts";
import { discardPartial } from "./partial.ts";

/** So many attempts in a row that were connected and got nothing: then it is not the link that is at fault. */
const MOST_FRUITLESS = 10;

export interface ThroughCuts extends Omit<RestoreOptions, "connection"> {
  /** The first one: where the pool cannot be reached nothing is begun. */
  connection: PoolCalls;
  /** After a cut: the next connection, however long that takes. @throws what only a person can put right */
  reconnect: (signal: AbortSignal | undefined) => Promise<PoolCalls>;
  /** There was a cut. */
  onCut?: () => void;
}

/** @throws as restoreCheckpoint(), but for a cut only when there is no other connection to be had; what has arrived then waits */
export async function restoreThroughCuts({
  connection: first,
  reconnect,
  onCut,
  ...options
}: ThroughCuts): Promise<Restored> {
  const { signal, uuid } = options;
  const destination = path.resolve(options.destination);
  const parent = path.dirname(destination);
  const hadParent = await exists(parent);
  let connection = first;
  let fruitless = 0;
  try {
    for (;;) {
      let hasReceived = false;
      let begun: number | null = null;
      try {
        return await restoreCheckpoint({
          ...options,
          connection,
          onProgress: (progress) => {
            if (progress.phase === "receiving") {
              begun ??= progress.bytes;
              hasReceived ||= progress.bytes > begun;
            }
            options.onProgress?.(progress);
          },
        });
      } catch (error) {
        signal?.throwIfAborted();
        if (!isCut(error)) throw error;
        onCut?.();
        fruitless = hasReceived ? 0 : fruitless + 1;
        if (fruitless >= MOST_FRUITLESS) throw error;
        if (fruitless > 0) await sleep(retryDelayMs(fruitless), undefined, { signal });
        connection = await reconnect(signal);
      }
    }
  } catch (error) {
    if (signal?.aborted) {
      await discardPartial(destination, uuid);
      if (!hadParent) await rmdir(parent).catch(() => undefined);
      signal.throwIfAborted();
    }
    throw error;
  }
}
