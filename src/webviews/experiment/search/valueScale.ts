/** Where values of the search's metric stand on an axis: what lies far off on the bad side does not squeeze the rest. Pure. */
import { growLogRange, growRange, type Range } from "../curves/scales.ts";

/** Below this many values none can be called an outlier. */
const LEAST_FOR_OUTLIERS = 8;
/** As in a box plot. */
const FENCE = 1.5;

/** On a logarithmic axis nothing squeezes anything; what is not above zero has no place there. */
export function logValueRange(values: readonly number[], before: Range | null): Range {
  const above = values.filter((value) => value > 0 && Number.isFinite(value));
  return growLogRange(before, Math.min(...above), Math.max(...above));
}

/** @param before the range until now, so that a live picture does not move with each value */
export function valueRange(
  values: readonly number[],
  smallerIsBetter: boolean,
  before: Range | null,
  parts = 5,
): Range {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
  const low = sorted[0];
  const high = sorted.at(-1);
  if (low === undefined || high === undefined) return before ?? { min: 0, max: 1 };
  if (sorted.length < LEAST_FOR_OUTLIERS) return growRange(before, low, high, parts);
  const first = sorted[Math.floor(sorted.length / 4)] ?? low;
  const third = sorted[Math.floor((sorted.length * 3) / 4)] ?? high;
  const fence = FENCE * (third - first);
  return smallerIsBetter
    ? growRange(before, low, Math.min(high, third + fence), parts)
    : growRange(before, Math.max(low, first - fence), high, parts);
}

/** The value, or the end of the axis beyond which it lies; one that is no number lies beyond the bad end. */
export function withinRange(
  value: number | null,
  { min, max }: Range,
  smallerIsBetter: boolean,
): { at: number; isBeyond: boolean } {
  if (value === null || !Number.isFinite(value)) return { at: smallerIsBetter ? max : min, isBeyond: true };
  const at = Math.min(max, Math.max(min, value));
  return { at, isBeyond: at !== value };
}
