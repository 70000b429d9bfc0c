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

export class Pyramid {
  count = 0;
  /** Values that are NaN or infinite. */
  notNumbers = 0;
  #levels: Float64Array[] = [new Float64Array(BUCKET_FIELDS)];

  get byteLength(): number {
    return this.#levels.reduce((sum, level) => sum + level.byteLength, 0);
  }
  /** Buckets of level 0, the open one too: all that has to be kept, for the rest follows. */
  get base(): Float64Array {
    return this.#filled(0).subarray(0, Math.ceil(this.count / BUCKET_POINTS) * BUCKET_FIELDS);
  }

  static restore(base: Float64Array, count: number, notNumbers: number): Pyramid {
    const pyramid = new Pyramid();
    pyramid.#levels[0] = base;
    for (let level = 1; sizeOf(level - 1) <= count; level++)
      pyramid.#levels[level] = new Float64Array(Math.ceil(count / sizeOf(level)) * BUCKET_FIELDS);
    pyramid.notNumbers = notNumbers;
    for (let bucket = 0; bucket < Math.floor(count / BUCKET_POINTS); bucket++) {
      pyramid.count = (bucket + 1) * BUCKET_POINTS;
      pyramid.#close(0, bucket);
    }
    pyramid.count = count;
    return pyramid;
  }

  get top(): number {
    return this.#levels.length - 1;
  }
  /** Buckets of a level that can be looked at. */
  buckets(level: number): number {
    return level === 0 ? Math.ceil(this.count / BUCKET_POINTS) : Math.floor(this.count / sizeOf(level));
  }
  /** The level's numbers; those of a bucket begin at `bucket * BUCKET_FIELDS`. */
  level(level: number): Float64Array {
    return this.#filled(level);
  }

  /** Points of the curve that a bucket covers: [from, to). */
  span(level: number, bucket: number): { from: number; to: number } {
    const size = sizeOf(level);
    return { from: bucket * size, to: Math.min((bucket + 1) * size, this.count) };
  }

  append({ step, time, value }: Points): void {
    for (let at = 0; at < step.length; at++) {
      const index = this.count;
      const bucket = Math.floor(index / BUCKET_POINTS);
      if (index % BUCKET_POINTS === 0) this.#open(0, bucket);
      const one = value[at] ?? NaN;
      if (!Number.isFinite(one)) this.notNumbers++;
      addToBucket(this.#filled(0), bucket * BUCKET_FIELDS, index, step[at] ?? NaN, time[at] ?? NaN, one);
      this.count = index + 1;
      if (this.count % BUCKET_POINTS === 0) this.#close(0, bucket);
    }
  }

  /** A bucket is complete: the one above it learns of it. */
  #close(level: number, bucket: number): void {
    const above = Math.floor(bucket / RADIX);
    if (bucket % RADIX === 0) this.#open(level + 1, above);
    mergeBucket(this.#filled(level + 1), above * BUCKET_FIELDS, this.#filled(level), bucket * BUCKET_FIELDS);
    if (bucket % RADIX === RADIX - 1) this.#close(level + 1, above);
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
