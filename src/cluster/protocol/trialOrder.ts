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

/** The first `count` in the order of `compare`, without sorting all of them. */
export function firstOf<T>(items: Iterable<T>, count: number, compare: (a: T, b: T) => number): T[] {
  let kept: T[] = [];
  let last: T | undefined;
  for (const item of items) {
    if (last !== undefined && compare(item, last) >= 0) continue;
    kept.push(item);
    if (kept.length < 2 * count) continue;
    kept = kept.sort(compare).slice(0, count);
    last = kept.at(-1);
  }
  return kept.sort(compare).slice(0, count);
}
