/** Ranges and ticks of axes. Ranges grow in steps, so that a live chart does not move with each point. Pure. */

export interface Range {
  min: number;
  max: number;
}

const NICE = [1, 2, 2.5, 5, 10];

/** The smallest of 1, 2, 2.5, 5 times a power of ten that divides `span` into at most `parts`. */
export function niceStep(span: number, parts: number): number {
  const rough = span / Math.max(1, parts);
  if (!(rough > 0) || !Number.isFinite(rough)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return (NICE.find((nice) => nice * power >= rough * (1 - 1e-9)) ?? 10) * power;
}

const TIME_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400,
];
/** As niceStep for seconds: full minutes, hours and days. */
export function niceTimeStep(spanS: number, parts: number): number {
  const rough = spanS / Math.max(1, parts);
  if (rough < 1) return niceStep(spanS, parts);
  return TIME_STEPS.find((step) => step >= rough) ?? 86400 * niceStep(spanS / 86400, parts);
}

/** As good as zero: a part of it may be zero. */
const TINY = 1e-300;

type StepOf = (span: number, parts: number) => number;

/**
 * The range that an axis should have for data from `low` to `high`. The range before is kept while the data lies in it
 * and fills at least half; otherwise its ends go to the next full step.
 * @param fromLow a single value stands at the beginning (steps, time) instead of in the middle
 */
export function growRange(
  before: Range | null,
  low: number,
  high: number,
  parts = 5,
  stepOf: StepOf = niceStep,
  fromLow = false,
): Range {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return before ?? { min: 0, max: 1 };
  if (
    before !== null &&
    low >= before.min &&
    high <= before.max &&
    high - low >= (before.max - before.min) / 2
  ) {
    return before;
  }
  // Doubles that differ by less leave no room for ticks between them.
  if (high - low <= Math.max(TINY, Math.max(Math.abs(low), Math.abs(high)) * 1e-12)) {
    if (fromLow) return { min: low, max: low + 10 };
    const half = Math.abs(low) < TINY ? 1 : Math.abs(low) * 0.1;
    return { min: low - half, max: high + half };
  }
  const step = stepOf(high - low, parts);
  const min = Math.floor(low / step + 1e-9) * step;
  const max = Math.ceil(high / step - 1e-9) * step;
  return { min, max };
}

/** As growRange on a logarithmic axis; both ends go to 1, 2 or 5 times a power of ten. Data must be positive. */
export function growLogRange(before: Range | null, low: number, high: number): Range {
  if (!(low > 0) || !Number.isFinite(high)) return before ?? { min: 0.1, max: 1 };
  const fills = before === null ? 0 : Math.log(high / low) / Math.log(before.max / before.min);
  if (before !== null && low >= before.min && high <= before.max && fills >= 0.5) return before;
  const min = mantissaBelow(low);
  const max = mantissaAbove(high);
  return min === max ? { min: min / 2, max: max * 2 } : { min, max };
}

function mantissaBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return clean(([5, 2, 1].find((m) => m * power <= value * (1 + 1e-9)) ?? 1) * power);
}
function mantissaAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return clean(([1, 2, 5, 10].find((m) => m * power >= value * (1 - 1e-9)) ?? 10) * power);
}
function clean(value: number): number {
  return Number(value.toPrecision(12));
}

export interface Ticks {
  values: number[];
  /** Their distance, from which labels take their digits. */
  step: number;
}

export function linearTicks(range: Range, parts: number, stepOf: StepOf = niceStep): Ticks {
  const step = stepOf(range.max - range.min, parts);
  const values: number[] = [];
  const first = Math.ceil(range.min / step - 1e-9);
  for (let index = first; index * step <= range.max + step * 1e-9 && values.length < 100; index++) {
    values.push(clean(index * step));
  }
  return { values, step };
}

/** Powers of ten; with few of them also 2 and 5 times; with many only some. */
export function logTicks(range: Range, parts: number): number[] {
  const low = Math.floor(Math.log10(range.min) + 1e-9);
  const high = Math.ceil(Math.log10(range.max) - 1e-9);
  const decades = Math.max(1, high - low);
  const mantissas = decades * 3 <= parts + 2 ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.ceil(decades / Math.max(1, parts)));
  const values: number[] = [];
  for (let decade = low; decade <= high; decade += stride) {
    for (const mantissa of mantissas) {
      const value = clean(mantissa * 10 ** decade);
      if (value >= range.min * (1 - 1e-9) && value <= range.max * (1 + 1e-9)) values.push(value);
    }
  }
  return values;
}
