/** Points of one curve as they travel: four Float64 columns that grow at the end. */

export interface PointColumns {
  readonly length: number;
  /** Reported points that these stand for: more than `length` where a reading was reduced. */
  readonly reported: number;
  /** Changes whenever the points do. */
  readonly version: number;
  readonly step: Float64Array;
  /** Milliseconds since the epoch. */
  readonly time: Float64Array;
  readonly value: Float64Array;
  /** 1 where a resumed run went over the same steps again. */
  readonly superseded: Float64Array;
}

export class Columns implements PointColumns {
  length = 0;
  reported = 0;
  version = 0;
  step = new Float64Array(256);
  time = new Float64Array(256);
  value = new Float64Array(256);
  superseded = new Float64Array(256);

  /**
   * @param columns step, time, value, superseded: `count` little-endian Float64 each, one column after the other
   * @param reported how many reported points all that is held then stands for
   * @throws RangeError when the buffer is shorter than that
   */
  append(columns: ArrayBuffer, count: number, reported = this.length + count): void {
    if (columns.byteLength < count * 32) {
      throw new RangeError(`${count} points need ${count * 32} bytes, ${columns.byteLength} came`);
    }
    this.reserve(this.length + count);
    (["step", "time", "value", "superseded"] as const).forEach((name, index) => {
      this[name].set(new Float64Array(columns, index * count * 8, count), this.length);
    });
    this.length += count;
    this.reported = reported;
    this.version++;
  }

  clear(): void {
    this.length = 0;
    this.reported = 0;
    this.version++;
  }

  private reserve(length: number): void {
    if (length <= this.step.length) return;
    const capacity = Math.max(length, this.step.length * 2);
    for (const name of ["step", "time", "value", "superseded"] as const) {
      const grown = new Float64Array(capacity);
      grown.set(this[name].subarray(0, this.length));
      this[name] = grown;
    }
  }
}
