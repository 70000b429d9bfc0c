/** Which checkpoint a person most likely wants back. */
import type { Checkpoint, MetricChoice } from "../protocol/entities.ts";

/** Best first by the experiment's metric; those without its value after them; else newest step first. */
export function rankCheckpoints(
  checkpoints: readonly Checkpoint[],
  metric: Pick<MetricChoice, "group" | "name" | "smallerIsBetter"> | null,
): Checkpoint[] {
  const name = metric ? `${metric.group}/${metric.name}` : null;
  const valueOf = (checkpoint: Checkpoint): number | null => {
    const value = name === null ? undefined : checkpoint.metrics[name];
    return value === undefined || Number.isNaN(value) ? null : value;
  };
  const newest = (a: Checkpoint, b: Checkpoint): number => b.step - a.step || b.createdAt - a.createdAt;
  return [...checkpoints].sort((a, b) => {
    const [left, right] = [valueOf(a), valueOf(b)];
    if (left === null || right === null)
      return Number(left === null) - Number(right === null) || newest(a, b);
    const better = metric?.smallerIsBetter ? left - right : right - left;
    return better || newest(a, b);
  });
}
