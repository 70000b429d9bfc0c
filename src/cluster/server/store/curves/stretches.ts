/** Points that were picked, and the picking: so many stretches of the same number of points, of each its extremes. Pure. */
import {
  addToBucket,
  BUCKET_FIELDS,
  clearBucket,
  HIGH,
  LOW,
  mergeBucket,
  NOT_A_NUMBER,
  put,
} from "./pyramid.ts";

/** Numbers of a point: index, step, time, value. */
export const POINT_FIELDS = 4;

/** Picked points, in order of arrival. */
export class Picks {
  count = 0;
  /** Those of all points, one after the other; behind them there may be room. */
  numbers: Float64Array;

  /** @param expected points that there is room for from the start */
  constructor(expected = 16) {
    this.numbers = new Float64Array(expected * POINT_FIELDS);
  }

  add(index: number, step: number, time: number, value: number): void {
    const at = this.count++ * POINT_FIELDS;
    if (at === this.numbers.length) {
      const grown = new Float64Array(Math.max(16 * POINT_FIELDS, at * 2));
      grown.set(this.numbers);
      this.numbers = grown;
    }
    put(this.numbers, at, index, step, time, value);
  }

  /** The point whose numbers begin at `at`. */
  addNumbers(from: ArrayLike<number>, at: number): void {
    this.add(from[at] ?? -1, from[at + 1] ?? NaN, from[at + 2] ?? NaN, from[at + 3] ?? NaN);
  }

  /** The same, unless it is the last one that was added. */
  addNew(from: ArrayLike<number>, at: number): void {
    if (this.count === 0 || this.indexOf(this.count - 1) !== from[at]) this.addNumbers(from, at);
  }

  /** Its index, step, time and value. */
  at(position: number): number[] {
    return [...this.numbers.subarray(position * POINT_FIELDS, (position + 1) * POINT_FIELDS)];
  }

  indexOf(position: number): number {
    return this.numbers[position * POINT_FIELDS] ?? -1;
  }
}

export class Stretches {
  readonly #total: number;
  readonly #stretches: number;
  readonly #bucket = new Float64Array(BUCKET_FIELDS);
  readonly #found: Picks;
  #seen = 0;
  #stretch = 0;

  /** @param total points that will be added @param first is there whatever its value */
  constructor(total: number, stretches: number, first: readonly number[]) {
    this.#total = total;
    this.#stretches = stretches;
    this.#found = new Picks(2 * stretches + 2);
    this.#found.addNew(first, 0);
    clearBucket(this.#bucket, 0);
  }

  addBucket(numbers: Float64Array, at: number, points: number): void {
    this.#next();
    mergeBucket(this.#bucket, 0, numbers, at);
    this.#seen += points;
  }

  addPoint(index: number, step: number, time: number, value: number): void {
    this.#next();
    addToBucket(this.#bucket, 0, index, step, time, value);
    this.#seen++;
  }

  /** @param last is there whatever its value */
  finish(last: readonly number[]): Picks {
    this.#flush();
    this.#found.addNew(last, 0);
    return this.#found;
  }

  #next(): void {
    const stretch = Math.floor((this.#seen * this.#stretches) / this.#total);
    if (stretch === this.#stretch) return;
    this.#flush();
    this.#stretch = stretch;
  }

  /** In order of arrival: what is not there (-1) comes first, and is passed over. */
  #flush(): void {
    let [a, b, c]: [number, number, number] = [LOW, HIGH, NOT_A_NUMBER];
    if (this.#indexAt(a) > this.#indexAt(b)) [a, b] = [b, a];
    if (this.#indexAt(b) > this.#indexAt(c)) [b, c] = [c, b];
    if (this.#indexAt(a) > this.#indexAt(b)) [a, b] = [b, a];
    if (this.#indexAt(a) >= 0) this.#found.addNew(this.#bucket, a);
    if (this.#indexAt(b) >= 0) this.#found.addNew(this.#bucket, b);
    if (this.#indexAt(c) >= 0) this.#found.addNew(this.#bucket, c);
    clearBucket(this.#bucket, 0);
  }

  #indexAt(field: number): number {
    return this.#bucket[field] ?? -1;
  }
}
