/** Growing Float64 columns of one curve, in order of arrival: step, time (ms), value, and the attempt that reported it. */
export class Columns {
  count = 0;
  #step = new Float64Array(64);
  #time = new Float64Array(64);
  #value = new Float64Array(64);
  #attempt = new Uint32Array(64);

  get byteLength(): number {
    return this.#step.byteLength * 3 + this.#attempt.byteLength;
  }
  get step(): Float64Array {
    return this.#step.subarray(0, this.count);
  }
  get time(): Float64Array {
    return this.#time.subarray(0, this.count);
  }
  get value(): Float64Array {
    return this.#value.subarray(0, this.count);
  }
  get attempt(): Uint32Array {
    return this.#attempt.subarray(0, this.count);
  }

  append(step: Float64Array, time: Float64Array, value: Float64Array, attempt: number): void {
    this.#reserve(this.count + step.length);
    this.#step.set(step, this.count);
    this.#time.set(time, this.count);
    this.#value.set(value, this.count);
    this.#attempt.fill(attempt, this.count, this.count + step.length);
    this.count += step.length;
  }

  #reserve(wanted: number): void {
    let capacity = this.#step.length;
    if (wanted <= capacity) return;
    while (capacity < wanted) capacity *= 2;
    const grown = <A extends Float64Array | Uint32Array>(old: A, fresh: A): A => {
      fresh.set(old.subarray(0, this.count));
      return fresh;
    };
    this.#step = grown(this.#step, new Float64Array(capacity));
    this.#time = grown(this.#time, new Float64Array(capacity));
    this.#value = grown(this.#value, new Float64Array(capacity));
    this.#attempt = grown(this.#attempt, new Uint32Array(capacity));
  }
}
