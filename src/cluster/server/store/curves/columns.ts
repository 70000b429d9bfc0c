/** Points in three Float64 columns: step, time (ms since the epoch), value. */
export interface Points {
  step: Float64Array;
  time: Float64Array;
  value: Float64Array;
}

export function emptyPoints(count: number): Points {
  const numbers = new Float64Array(count * 3);
  const column = (at: number) => numbers.subarray(at * count, (at + 1) * count);
  return { step: column(0), time: column(1), value: column(2) };
}

export function slicePoints({ step, time, value }: Points, from: number, to: number): Points {
  return { step: step.subarray(from, to), time: time.subarray(from, to), value: value.subarray(from, to) };
}

/** Growing columns, in order of arrival. */
export class Columns {
  count = 0;
  #points = emptyPoints(16);

  get byteLength(): number {
    return this.#points.step.length * 24;
  }
  /** Of now: a view, which the next change may leave behind. */
  get points(): Points {
    return slicePoints(this.#points, 0, this.count);
  }

  append({ step, time, value }: Points): void {
    this.#reserve(this.count + step.length);
    this.#points.step.set(step, this.count);
    this.#points.time.set(time, this.count);
    this.#points.value.set(value, this.count);
    this.count += step.length;
  }

  /** Without the first `count` points. */
  dropFirst(count: number): void {
    const rest = slicePoints(this.#points, count, this.count);
    this.#points = emptyPoints(16);
    this.count = 0;
    this.append(rest);
  }

  #reserve(wanted: number): void {
    let capacity = this.#points.step.length;
    if (wanted <= capacity) return;
    while (capacity < wanted) capacity *= 2;
    const before = this.points;
    this.#points = emptyPoints(capacity);
    for (const name of ["step", "time", "value"] as const) this.#points[name].set(before[name]);
  }
}
