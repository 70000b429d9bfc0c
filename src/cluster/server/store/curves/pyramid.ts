/**
 * What is lowest, highest and no number in each stretch of a curve, at several sizes of stretch: with it a reading of any
 * range costs what it gives back, not what was reported, and no spike can vanish. Pure.
 *
 * Level 0 has a bucket for each 128 points, the last one open; each level above has one for eight complete ones below.
 */
import type { Points } from "./columns.ts";

export const BUCKET_POINTS = 128;
const RADIX = 8;

/** Float64 of a bucket, one after the other. Indexes count the points of the curve; -1: there is none. */
export const LOW = 0; // index, step, time, value of the lowest finite value, the first one of equals
export const HIGH = 4;
export const NOT_A_NUMBER = 8; // of the first value that is NaN or infinite
export const STEPS = 12; // lowest, highest
export const TIMES = 14;
export const BUCKET_FIELDS = 16;

export interface KeptPyramid {
  count: number;
  notNumbers: number;
  /** Level 0, as far as level 1 has complete buckets above it. */
  base: Float64Array;
  /** Level 1, its open bucket too. */
  second: Float64Array;
}

export class Pyramid {
  count = 0;
  /** Values that are NaN or infinite. */
  notNumbers = 0;
  #levels: Float64Array[] = [new Float64Array(BUCKET_FIELDS)];
  /** Buckets at the beginning of level 0 that are not here yet, and who has them. */
  #missing = 0;
  #readBase: () => Float64Array = () => new Float64Array();

  get byteLength(): number {
    return this.#levels.reduce((sum, level) => sum + level.byteLength, 0);
  }
  /** What has to be kept of it, beside the points after the last complete bucket of level 1: the rest follows. */
  get kept(): KeptPyramid {
    const base = completeBuckets(this.count, 1) * RADIX;
    const second = secondBuckets(this.count);
    return {
      count: this.count,
      notNumbers: this.notNumbers,
      base: this.level(0, 0).subarray(0, base * BUCKET_FIELDS),
      second: second === 0 ? new Float64Array() : this.#filled(1).subarray(0, second * BUCKET_FIELDS),
    };
  }

  /**
   * @param readBase gives level 0 as it was kept, when it is first looked at: an overview of a long curve does without
   * @param tail the curve's last points, at least those after the last complete bucket of level 1
   */
  static restore(
    { count, notNumbers, second }: Omit<KeptPyramid, "base">,
    tail: Points,
    readBase: () => Float64Array,
  ): Pyramid {
    const pyramid = new Pyramid();
    const complete = completeBuckets(count, 1);
    pyramid.#levels[0] = new Float64Array(Math.max(1, completeBuckets(count, 0) + 1) * BUCKET_FIELDS);
    if (second.length > 0) pyramid.#levels[1] = second;
    for (let bucket = 0; bucket < complete; bucket++) pyramid.#climb(1, bucket);
    pyramid.notNumbers = notNumbers;
    pyramid.#missing = complete * RADIX;
    pyramid.#readBase = readBase;
    pyramid.count = complete * sizeOf(1);
    while (pyramid.count < count) {
      const from = pyramid.count - count + tail.step.length;
      pyramid.#fill(tail, from, Math.min(tail.step.length, from + BUCKET_POINTS));
    }
    return pyramid;
  }

  get top(): number {
    return this.#levels.length - 1;
  }
  /** Buckets of a level that can be looked at. */
  buckets(level: number): number {
    return level === 0 ? Math.ceil(this.count / BUCKET_POINTS) : Math.floor(this.count / sizeOf(level));
  }
  /**
   * The level's numbers; those of a bucket begin at `bucket * BUCKET_FIELDS`.
   * @param from only buckets from this one on are looked at
   * @throws what reading level 0 throws
   */
  level(level: number, from: number): Float64Array {
    const numbers = this.#filled(level);
    if (level === 0 && from < this.#missing) {
      numbers.set(this.#readBase());
      this.#missing = 0;
    }
    return numbers;
  }

  /** Points of the curve that a bucket covers: [from, to). */
  span(level: number, bucket: number): { from: number; to: number } {
    const size = sizeOf(level);
    return { from: bucket * size, to: Math.min((bucket + 1) * size, this.count) };
  }

  append(points: Points): void {
    for (let from = 0; from < points.step.length;) {
      const to = Math.min(points.step.length, from + BUCKET_POINTS - (this.count % BUCKET_POINTS));
      this.#fill(points, from, to);
      for (let at = from; at < to; at++) if (!Number.isFinite(points.value[at])) this.notNumbers++;
      if (this.count % BUCKET_POINTS === 0) this.#climb(0, this.count / BUCKET_POINTS - 1);
      from = to;
    }
  }

  /** Points that all go to the open bucket of level 0. */
  #fill({ step, time, value }: Points, from: number, to: number): void {
    const bucket = Math.floor(this.count / BUCKET_POINTS);
    if (this.count % BUCKET_POINTS === 0) this.#open(0, bucket);
    const numbers = this.#filled(0);
    for (let at = from; at < to; at++)
      addToBucket(
        numbers,
        bucket * BUCKET_FIELDS,
        this.count++,
        step[at] ?? NaN,
        time[at] ?? NaN,
        value[at] ?? NaN,
      );
  }

  /** A bucket is complete: the one above it learns of it. */
  #climb(level: number, bucket: number): void {
    const above = Math.floor(bucket / RADIX);
    if (bucket % RADIX === 0) this.#open(level + 1, above);
    mergeBucket(this.#filled(level + 1), above * BUCKET_FIELDS, this.#filled(level), bucket * BUCKET_FIELDS);
    if (bucket % RADIX === RADIX - 1) this.#climb(level + 1, above);
  }

  #open(level: number, bucket: number): void {
    const wanted = (bucket + 1) * BUCKET_FIELDS;
    let numbers = this.#levels[level] ?? new Float64Array(BUCKET_FIELDS);
    if (numbers.length < wanted) {
      const grown = new Float64Array(Math.max(wanted, Math.ceil(numbers.length * 1.5)));
      grown.set(numbers);
      numbers = grown;
    }
    this.#levels[level] = numbers;
    clearBucket(numbers, bucket * BUCKET_FIELDS);
  }

  #filled(level: number): Float64Array {
    const numbers = this.#levels[level];
    if (numbers === undefined) throw new Error(`a pyramid has no level ${level}`);
    return numbers;
  }
}

export function sizeOf(level: number): number {
  return BUCKET_POINTS * RADIX ** level;
}

/** Numbers that are kept of level 0 and of level 1 of a curve of so many points. */
export function keptNumbers(count: number): { base: number; second: number } {
  return {
    base: completeBuckets(count, 1) * RADIX * BUCKET_FIELDS,
    second: secondBuckets(count) * BUCKET_FIELDS,
  };
}

function completeBuckets(count: number, level: number): number {
  return Math.floor(count / sizeOf(level));
}

function secondBuckets(count: number): number {
  return Math.ceil(completeBuckets(count, 0) / RADIX);
}

/** Children of a bucket in the level below. */
export function childrenOf(bucket: number): { from: number; to: number } {
  return { from: bucket * RADIX, to: (bucket + 1) * RADIX };
}

export function clearBucket(into: Float64Array, at: number): void {
  into.fill(-1, at, at + STEPS);
  into[at + STEPS] = into[at + TIMES] = Infinity;
  into[at + STEPS + 1] = into[at + TIMES + 1] = -Infinity;
}

/** The point comes after all that is in the bucket already. */
export function addToBucket(
  into: Float64Array,
  at: number,
  index: number,
  step: number,
  time: number,
  value: number,
): void {
  if (!Number.isFinite(value)) {
    if (!has(into, at + NOT_A_NUMBER)) put(into, at + NOT_A_NUMBER, index, step, time, value);
  } else {
    if (!has(into, at + LOW) || value < (into[at + LOW + 3] ?? NaN))
      put(into, at + LOW, index, step, time, value);
    if (!has(into, at + HIGH) || value > (into[at + HIGH + 3] ?? NaN))
      put(into, at + HIGH, index, step, time, value);
  }
  widen(into, at + STEPS, step, step);
  widen(into, at + TIMES, time, time);
}

/** `from` comes after all that is in `into` already. Without views or closures: a long curve has thousands for each reading. */
export function mergeBucket(into: Float64Array, at: number, from: Float64Array, source: number): void {
  if (has(from, source + LOW)) {
    if (!has(into, at + LOW) || (from[source + LOW + 3] ?? NaN) < (into[at + LOW + 3] ?? NaN))
      take(into, at + LOW, from, source + LOW);
    if (!has(into, at + HIGH) || (from[source + HIGH + 3] ?? NaN) > (into[at + HIGH + 3] ?? NaN))
      take(into, at + HIGH, from, source + HIGH);
  }
  if (has(from, source + NOT_A_NUMBER) && !has(into, at + NOT_A_NUMBER))
    take(into, at + NOT_A_NUMBER, from, source + NOT_A_NUMBER);
  widen(into, at + STEPS, from[source + STEPS] ?? NaN, from[source + STEPS + 1] ?? NaN);
  widen(into, at + TIMES, from[source + TIMES] ?? NaN, from[source + TIMES + 1] ?? NaN);
}

function has(numbers: Float64Array, at: number): boolean {
  return (numbers[at] ?? -1) >= 0;
}

/** Puts a point: index, step, time, value. */
export function put(
  into: Float64Array,
  at: number,
  index: number,
  step: number,
  time: number,
  value: number,
): void {
  into[at] = index;
  into[at + 1] = step;
  into[at + 2] = time;
  into[at + 3] = value;
}

function take(into: Float64Array, at: number, from: Float64Array, source: number): void {
  put(
    into,
    at,
    from[source] ?? -1,
    from[source + 1] ?? NaN,
    from[source + 2] ?? NaN,
    from[source + 3] ?? NaN,
  );
}

function widen(into: Float64Array, at: number, low: number, high: number): void {
  if (low < (into[at] ?? NaN)) into[at] = low;
  if (high > (into[at + 1] ?? NaN)) into[at + 1] = high;
}
