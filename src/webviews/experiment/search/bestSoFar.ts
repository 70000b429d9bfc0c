/** The best value of each trial, and the best so far, over the trials as the search made them or over time. Pure. */
import type { Trial } from "../../../cluster/protocol/entities.ts";

export interface TrialValue {
  trialId: string;
  number: number;
  /** The trial's number, or seconds since the experiment was submitted. */
  x: number;
  value: number;
}
export interface BestSoFar {
  /** By their x. */
  values: TrialValue[];
  /** Where the best so far changes; the last one where `values` end, or at `until`. */
  line: { x: number; y: number }[];
}
export interface Against {
  /** Null: against the trials' numbers. Else against the time when each had its best value, from here (ms). */
  originMs: number | null;
  /** Where the line ends, if that is beyond the last value. */
  until: number | null;
}

export function bestSoFar(
  trials: Iterable<Trial>,
  smallerIsBetter: boolean,
  { originMs, until }: Against,
): BestSoFar {
  const values = [...trials]
    .flatMap(({ id, number, best, endedAt }) => {
      // A pool of an older version does not say when.
      const at = best?.at ?? endedAt;
      if (best === null || Number.isNaN(best.value) || (originMs !== null && at === null)) return [];
      const x = originMs === null ? number : ((at ?? 0) - originMs) / 1000;
      return [{ trialId: id, number, x, value: best.value }];
    })
    .sort((a, b) => a.x - b.x || a.number - b.number);
  const line: BestSoFar["line"] = [];
  for (const { x, value } of values) {
    const best = line.at(-1)?.y;
    if (best === undefined || (smallerIsBetter ? value < best : value > best)) line.push({ x, y: value });
  }
  const best = line.at(-1);
  const end = Math.max(values.at(-1)?.x ?? 0, until ?? -Infinity);
  if (best !== undefined && end > best.x) line.push({ x: end, y: best.y });
  return { values, line };
}
