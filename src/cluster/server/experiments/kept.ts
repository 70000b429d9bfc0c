/**
 * Which checkpoints of an experiment stay, as Determined's `save_experiment_best`, `save_trial_best` and `save_trial_latest`
 * say: the union of the three, and what is needed. Pure.
 */
import type { SavePolicy } from "../../protocol/collection.ts";
import type { Checkpoint, MetricChoice } from "../../protocol/entities.ts";

export interface Kept {
  checkpoints: readonly Checkpoint[];
  /** Null: no checkpoint is better than another, so of the best so many of the newest stay. */
  metric: Pick<MetricChoice, "group" | "name" | "smallerIsBetter"> | null;
  policy: SavePolicy;
  /** What somebody goes on from. */
  needed: ReadonlySet<string>;
}

/** @returns their uuids */
export function keptOf({ checkpoints, metric, policy, needed }: Kept): Set<string> {
  const name = metric === null ? null : `${metric.group}/${metric.name}`;
  const valueOf = ({ metrics }: Checkpoint): number => {
    const value = name === null ? undefined : metrics[name];
    return value === undefined || !Number.isFinite(value)
      ? Infinity
      : metric?.smallerIsBetter
        ? value
        : -value;
  };
  const byAge = (a: Checkpoint, b: Checkpoint): number =>
    b.createdAt - a.createdAt || b.step - a.step || (a.uuid < b.uuid ? -1 : 1);
  const byValue = (a: Checkpoint, b: Checkpoint): number => {
    const [left, right] = [valueOf(a), valueOf(b)];
    return left === right ? byAge(a, b) : left - right;
  };
  const first = (of: readonly Checkpoint[], order: typeof byAge, count: number): Checkpoint[] =>
    [...of].sort(order).slice(0, count);
  const trials = Map.groupBy(checkpoints, ({ trialId }) => trialId);
  const kept = [
    ...first(checkpoints, byValue, policy.experimentBest),
    ...[...trials.values()].flatMap((of) => [
      ...first(of, byValue, policy.trialBest),
      ...first(of, byAge, policy.trialLatest),
    ]),
    ...checkpoints.filter(({ uuid, pinned }) => pinned || needed.has(uuid)),
  ];
  return new Set(kept.map(({ uuid }) => uuid));
}
