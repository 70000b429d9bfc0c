/** Which checkpoint is the one to restore, and why. Pure. */
import type { Checkpoint, MetricChoice } from "../../cluster/protocol/entities.ts";

export function metricValue(checkpoint: Checkpoint, metric: MetricChoice | null): number | null {
  return metric === null ? null : (checkpoint.metrics[`${metric.group}/${metric.name}`] ?? null);
}

export interface CheckpointChoice {
  checkpoint: Checkpoint;
  /** Nothing is the best where nothing was measured. */
  why: "best" | "latest";
}

/** The best by the metric, NaN never; without a metric, or where no checkpoint has it, the latest. */
export function chooseCheckpoint(
  checkpoints: readonly Checkpoint[],
  metric: MetricChoice | null,
): CheckpointChoice | null {
  let best: Checkpoint | null = null;
  for (const checkpoint of checkpoints) {
    const value = metricValue(checkpoint, metric);
    if (metric === null || value === null || Number.isNaN(value)) continue;
    const held = best === null ? null : metricValue(best, metric);
    if (held === null || (metric.smallerIsBetter ? value < held : value > held)) best = checkpoint;
  }
  if (best !== null) return { checkpoint: best, why: "best" };
  const latest = newestFirst(checkpoints)[0];
  return latest === undefined ? null : { checkpoint: latest, why: "latest" };
}

export function newestFirst(checkpoints: readonly Checkpoint[]): Checkpoint[] {
  return [...checkpoints].sort((a, b) => b.createdAt - a.createdAt || b.step - a.step);
}

/** Names that a metric can be chosen from, `<group>/<name>`. */
export function metricNames(checkpoints: readonly Checkpoint[]): string[] {
  return [...new Set(checkpoints.flatMap((checkpoint) => Object.keys(checkpoint.metrics)))].sort();
}
