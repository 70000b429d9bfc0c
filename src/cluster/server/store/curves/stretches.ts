/** Points that were picked, and the picking: so many stretches of the same number of points, of each its extremes. Pure. */
import { addToBucket, BUCKET_FIELDS, clearBucket, HIGH, LOW, mergeBucket, NOT_A_NUMBER } from "./pyramid.ts";

/** Picked points, in order of arrival. */
export class Picks {
  readonly index: number[] = [];
  readonly step: number[] = [];
  readonly time: number[] = [];
  readonly value: number[] = [];

  get count(): number {
    return this.index.length;
  }

  add(index: number, step: number, time: number, value: number): void {
    this.index.push(index);
    this.step.push(step);
    this.time.push(time);
    this.value.push(value);
  }

  /** index, step, time, value */
  at(position: number): number[] {
    return [
      this.index[position] ?? -1,
      this.step[position] ?? NaN,
      this.time[position] ?? NaN,
      this.value[position] ?? NaN,
    ];
  }
}

export class Stretches {
  readonly #total: number;
  readonly #stretches: number;
  readonly #bucket = new Float64Array(BUCKET_FIELDS);
  readonly #found: number[][] = [];
  #seen = 0;
  #stretch = 0;

  /** @param total points that will be added */
  constructor(total: number, stretches: number) {
    this.#total = total;
    this.#stretches = stretches;
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

  /** @param first @param last the ends, which are there whatever their values */
  finish(first: number[], last: number[]): Picks {
    this.#flush();
    const picks = new Picks();
    for (const point of [first, ...this.#found, last]) {
      if (picks.index.at(-1) === point[0]) continue;
      const [index = -1, step = NaN, time = NaN, value = NaN] = point;
      picks.add(index, step, time, value);
    }
    return picks;
  }

  #next(): void {
    const stretch = Math.floor((this.#seen * this.#stretches) / this.#total);
    if (stretch === this.#stretch) return;
    this.#flush();
    this.#stretch = stretch;
  }

  #flush(): void {
    const picked = [LOW, HIGH, NOT_A_NUMBER]
      .map((field) => [...this.#bucket.subarray(field, field + 4)])
      .filter(([index = -1]) => index >= 0)
      .sort(([a = 0], [b = 0]) => a - b);
    this.#found.push(...picked);
    clearBucket(this.#bucket, 0);
  }
}
