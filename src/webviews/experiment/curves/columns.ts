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

const NAMES = ["step", "time", "value", "superseded"] as const;
const NONE = new Float64Array(0);

export class Columns implements PointColumns {
  length = 0;
  reported = 0;
  version = 0;
  step = NONE;
  time = NONE;
  value = NONE;
  superseded = NONE;

  /**
   * @param columns step, time, value, superseded: `count` little-endian Float64 each, one column after the other
   * @param reported how many reported points all that is held then stands for
   * @param byteOffset where they begin in the buffer, which may have those of other curves too
   * @throws RangeError when the buffer is shorter than that
   */
  append(columns: ArrayBuffer, count: number, reported = this.length + count, byteOffset = 0): void {
    if (columns.byteLength < byteOffset + count * 32) {
      throw new RangeError(
        `${count} points need ${count * 32} bytes, ${columns.byteLength - byteOffset} came`,
      );
    }
    this.reserve(this.length + count);
    NAMES.forEach((name, index) => {
      this[name].set(new Float64Array(columns, byteOffset + index * count * 8, count), this.length);
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

  /** The first points fit exactly, for most curves get no more. */
  private reserve(length: number): void {
    if (length <= this.step.length) return;
    const capacity = Math.max(length, this.step.length * 2);
    for (const name of NAMES) {
      const grown = new Float64Array(capacity);
      grown.set(this[name].subarray(0, this.length));
      this[name] = grown;
    }
  }
}
