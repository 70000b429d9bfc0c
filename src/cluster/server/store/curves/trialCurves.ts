/** All curves of one trial in memory: what the segments of its runs add up to. Pure. */
import type { Series, SeriesState } from "../../../protocol/events.ts";
import { Columns } from "./columns.ts";
import { reduceByExtremes } from "./reduce.ts";
import type { Block } from "./segment.ts";

/** Points of one answer without reduction. */
export const POINTS_PER_READ = 100_000;

interface Curve extends Series {
  columns: Columns;
  revision: number;
}

export class TrialCurves {
  readonly #curves = new Map<string, Curve>();
  /** attempt -> step that it went on from. */
  readonly #resumed = new Map<number, number>();
  readonly trialId: string;

  constructor(trialId: string) {
    this.trialId = trialId;
  }

  get byteLength(): number {
    let sum = 0;
    for (const { columns } of this.#curves.values()) sum += columns.byteLength;
    return sum;
  }

  /** When the first system sample was taken, ms since the epoch: the zero of the group `system`. */
  get systemStartMs(): number | null {
    for (const { group, columns } of this.#curves.values()) {
      if (group === "system" && columns.count > 0)
        return (columns.time[0] ?? 0) - (columns.step[0] ?? 0) * 1000;
    }
    return null;
  }

  apply(attempt: number, block: Block): void {
    if (block.supersede !== undefined) this.supersede(attempt, block.supersede);
    for (const { group, name, rank, step, time, value } of block.series) {
      const id = key(group, name, rank);
      let curve = this.#curves.get(id);
      if (curve === undefined) {
        curve = { trialId: this.trialId, group, name, rank, columns: new Columns(), revision: 0 };
        this.#curves.set(id, curve);
      }
      curve.columns.append(step, time, value, attempt);
    }
  }

  /** @returns false when it was known already */
  supersede(attempt: number, step: number): boolean {
    if (this.#resumed.get(attempt) === step) return false;
    this.#resumed.set(attempt, step);
    for (const curve of this.#curves.values()) if (curve.group !== "system") curve.revision++;
    return true;
  }

  list(): SeriesState[] {
    return [...this.#curves.values()]
      .filter(({ columns }) => columns.count > 0)
      .map(({ trialId, group, name, rank, revision, columns }) => {
        const last = columns.count - 1;
        return {
          trialId,
          group,
          name,
          rank,
          revision,
          count: columns.count,
          lastStep: columns.step[last] ?? NaN,
          lastValue: columns.value[last] ?? NaN,
          lastAt: columns.time[last] ?? NaN,
        };
      });
  }

  read(
    series: Series,
    cursor: number,
    resolution: { points: number; fromStep: number | null; toStep: number | null } | null,
  ): { columns: Uint8Array; count: number; cursor: number; total: number; revision: number } {
    const curve = this.#curves.get(key(series.group, series.name, series.rank));
    if (curve === undefined) return { columns: new Uint8Array(), count: 0, cursor: 0, total: 0, revision: 0 };
    const { columns, revision } = curve;
    let indices: Uint32Array;
    let next = columns.count;
    if (resolution === null) {
      next = Math.min(columns.count, cursor + POINTS_PER_READ);
      indices = Uint32Array.from({ length: Math.max(0, next - cursor) }, (_, index) => cursor + index);
    } else {
      indices = reduceByExtremes(columns.value, within(columns, cursor, resolution), resolution.points);
    }
    return {
      columns: this.#pack(curve, indices),
      count: indices.length,
      cursor: next,
      total: columns.count,
      revision,
    };
  }

  best(
    group: string,
    name: string,
    smallerIsBetter: boolean,
  ): { value: number; step: number; at: number } | null {
    const curve = this.#curves.get(key(group, name, 0));
    if (curve === undefined) return null;
    const { step, time, value, attempt, count } = curve.columns;
    const limits = this.#limits(curve);
    let best = -1;
    for (let index = 0; index < count; index++) {
      const at = value[index] ?? NaN;
      if (Number.isNaN(at) || isBeyond(limits, attempt[index] ?? 0, step[index] ?? 0)) continue;
      const held = best < 0 ? NaN : (value[best] ?? NaN);
      if (best < 0 || (smallerIsBetter ? at < held : at > held)) best = index;
    }
    return best < 0 ? null : { value: value[best] ?? NaN, step: step[best] ?? NaN, at: time[best] ?? NaN };
  }

  valuesAt(attempt: number, at: number): Map<string, number> {
    const values = new Map<string, number>();
    for (const { group, name, rank, columns } of this.#curves.values()) {
      if (rank !== 0 || group === "system") continue;
      for (let index = columns.count - 1; index >= 0 && (columns.attempt[index] ?? 0) >= attempt; index--)
        if (columns.step[index] === at && columns.attempt[index] === attempt) {
          values.set(`${group}/${name}`, columns.value[index] ?? NaN);
          break;
        }
    }
    return values;
  }

  #pack(curve: Curve, indices: Uint32Array): Uint8Array {
    const { step, time, value, attempt } = curve.columns;
    const count = indices.length;
    const packed = new Float64Array(count * 4);
    const limits = this.#limits(curve);
    for (let at = 0; at < count; at++) {
      const index = indices[at] ?? 0;
      packed[at] = step[index] ?? NaN;
      packed[count + at] = time[index] ?? NaN;
      packed[2 * count + at] = value[index] ?? NaN;
      packed[3 * count + at] = isBeyond(limits, attempt[index] ?? 0, step[index] ?? 0) ? 1 : 0;
    }
    return new Uint8Array(packed.buffer);
  }

  /** For each attempt the step beyond which its points are superseded: the lowest that a later attempt went on from. */
  #limits(curve: Curve): Map<number, number> {
    const limits = new Map<number, number>();
    if (curve.group === "system" || this.#resumed.size === 0) return limits;
    let lowest = Infinity;
    const attempts = Math.max(...this.#resumed.keys());
    for (let attempt = attempts; attempt >= 1; attempt--) {
      limits.set(attempt, lowest);
      lowest = Math.min(lowest, this.#resumed.get(attempt) ?? Infinity);
    }
    return limits;
  }
}

function within(
  columns: Columns,
  cursor: number,
  range: { fromStep: number | null; toStep: number | null },
): Uint32Array {
  const { step, count } = columns;
  const from = range.fromStep ?? -Infinity;
  const to = range.toStep ?? Infinity;
  const indices = new Uint32Array(Math.max(0, count - cursor));
  let picked = 0;
  for (let index = cursor; index < count; index++) {
    const at = step[index] ?? NaN;
    if (at >= from && at <= to) indices[picked++] = index;
  }
  return indices.subarray(0, picked);
}

function isBeyond(limits: Map<number, number>, attempt: number, step: number): boolean {
  return step > (limits.get(attempt) ?? Infinity);
}

function key(group: string, name: string, rank: number): string {
  return `${rank}\u0000${group}\u0000${name}`;
}
