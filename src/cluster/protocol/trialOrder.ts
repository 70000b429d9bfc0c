/** In which order trials of a search are listed. Pure. */
import type { MetricChoice } from "./entities.ts";

export interface Ordered {
  number: number;
  best: { value: number } | null;
}

/** Best first by the experiment's metric; trials without a value after them, in order of their numbers. */
export function bestFirst(
  metric: Pick<MetricChoice, "smallerIsBetter"> | null,
): (a: Ordered, b: Ordered) => number {
  const sign = metric && !metric.smallerIsBetter ? -1 : 1;
  return (a, b) => {
    if (metric === null || a.best === null || b.best === null)
      return Number(a.best === null) - Number(b.best === null) || a.number - b.number;
    return sign * (a.best.value - b.best.value) || a.number - b.number;
  };
}
