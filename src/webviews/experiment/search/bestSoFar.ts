/** The best value of each trial, and the best so far, over the trials in the order in which the search made them. Pure. */
import type { Trial } from "../../../cluster/protocol/entities.ts";

export interface TrialValue {
  trialId: string;
  number: number;
  value: number;
}
export interface BestSoFar {
  values: TrialValue[];
  /** Where the best so far changes; the last one at the newest trial. */
  line: { x: number; y: number }[];
}

export function bestSoFar(trials: Iterable<Trial>, smallerIsBetter: boolean): BestSoFar {
  const values = [...trials]
    .flatMap(({ id, number, best }) =>
      best === null || Number.isNaN(best.value) ? [] : [{ trialId: id, number, value: best.value }],
    )
    .sort((a, b) => a.number - b.number);
  const line: BestSoFar["line"] = [];
  for (const { number, value } of values) {
    const best = line.at(-1)?.y;
    if (best === undefined || (smallerIsBetter ? value < best : value > best))
      line.push({ x: number, y: value });
  }
  const [end, newest] = [line.at(-1), values.at(-1)];
  if (end !== undefined && newest !== undefined && newest.number > end.x)
    line.push({ x: newest.number, y: end.y });
  return { values, line };
}
