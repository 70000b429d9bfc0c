/** Looks now and then whether the pool's disk will last for what runs, and has its watch say so. */
import type { Context } from "./context.ts";
import { forecastWarning } from "./diskForecast.ts";
import { timeAt, timeSince } from "./trialTime.ts";

const EVERY_MS = 30_000;

export function createDiskWarning({ store, disk }: Pick<Context, "store" | "disk">) {
  let lookedAt = 0;

  return {
    /** To be called as often as one likes. */
    look(now = Date.now()): void {
      const { freeBytes } = disk.state;
      if (now - lookedAt < EVERY_MS || freeBytes === null) return;
      lookedAt = now;
      const running = store.trialsIn("running");
      if (running.length === 0) return disk.warn(null);
      const trials = running.map(({ trial, own }) => ({
        experimentId: trial.experimentId,
        checkpoints: store
          .checkpointsOf(trial.experimentId)
          .filter(({ runId }) => runId === trial.currentRun),
        remainingMs: remaining(
          own.told?.fraction,
          timeAt(own.time ?? timeSince(trial.createdAt), trial.state, now).heldMs,
          own.told?.heldMs,
        ),
      }));
      const bytes = new Map<number, number>();
      for (const checkpoint of store.checkpoints())
        bytes.set(checkpoint.experimentId, (bytes.get(checkpoint.experimentId) ?? 0) + checkpoint.bytes);
      const experiments = [...bytes].map(([id, taken]) => ({ id, bytes: taken }));
      disk.warn(forecastWarning({ now, freeBytes, trials, experiments }));
    },
  };
}

function remaining(
  fraction: number | undefined,
  heldMs: number,
  heldThenMs: number | undefined,
): number | null {
  if (fraction === undefined || fraction <= 0 || heldThenMs === undefined) return null;
  return Math.max(0, heldThenMs / fraction - heldMs);
}
