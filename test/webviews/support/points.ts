/** Points of curves, and the packing in which they travel. */
import type { SeriesState } from "../../../src/cluster/protocol/events.ts";
import { NOW, series } from "./fixtures.ts";

export interface Curve {
  state: SeriesState;
  step: number[];
  time: number[];
  value: number[];
  superseded: number[];
}

export function curve(
  name: Partial<SeriesState>,
  count: number,
  valueAt: (step: number, index: number) => number,
  options: {
    stride?: number;
    stepAt?: (index: number) => number;
    isSuperseded?: (index: number) => boolean;
  } = {},
): Curve {
  const stepAt = options.stepAt ?? ((index: number) => index * (options.stride ?? 1));
  const step = Array.from({ length: count }, (_, index) => stepAt(index));
  const start = NOW - 12 * 60_000;
  const made: Curve = {
    state: series(name),
    step,
    time: step.map((_, index) => start + ((index + 1) / count) * 11 * 60_000),
    value: step.map((at, index) => valueAt(at, index)),
    superseded: step.map((_, index) => (options.isSuperseded?.(index) === true ? 1 : 0)),
  };
  return touch(made);
}

/** Brings the announced state up to the points. */
export function touch(curve: Curve): Curve {
  const count = curve.step.length;
  curve.state = {
    ...curve.state,
    count,
    lastStep: curve.step.at(-1) ?? 0,
    lastValue: curve.value.at(-1) ?? 0,
    lastAt: curve.time.at(-1) ?? NOW,
  };
  return curve;
}

export function append(curve: Curve, step: number, value: number, time = NOW): void {
  curve.step.push(step);
  curve.value.push(value);
  curve.time.push(time);
  curve.superseded.push(0);
  touch(curve);
}

interface Resolution {
  points: number;
  fromStep: number | null;
  toStep: number | null;
  fromTimeMs: number | null;
  toTimeMs: number | null;
}
/** As the pool answers series/read: from the cursor as it is, or the range by minimum and maximum of each interval. */
export function readCurve(curve: Curve, cursor: number, resolution: Resolution | null) {
  const { count, revision } = curve.state;
  const inRange = curve.step
    .map((_, index) => index)
    .filter((index) => {
      const step = curve.step[index] ?? 0;
      if (resolution === null) return index >= cursor;
      const time = curve.time[index] ?? 0;
      return (
        step >= (resolution.fromStep ?? -Infinity) &&
        step <= (resolution.toStep ?? Infinity) &&
        time >= (resolution.fromTimeMs ?? -Infinity) &&
        time <= (resolution.toTimeMs ?? Infinity)
      );
    });
  const kept = resolution === null ? inRange.slice(0, 100_000) : reduce(curve, inRange, resolution.points);
  return {
    columns: pack(curve, kept),
    count: kept.length,
    cursor: resolution === null ? cursor + kept.length : count,
    total: count,
    revision,
  };
}

function reduce(curve: Curve, indices: number[], points: number): number[] {
  if (indices.length <= points) return indices;
  const buckets = Math.floor((points - 2) / 2);
  const size = indices.length / buckets;
  const kept = new Set([indices[0] ?? 0, indices.at(-1) ?? 0]);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const part = indices.slice(Math.floor(bucket * size), Math.floor((bucket + 1) * size));
    const by = (sign: number) =>
      part.reduce((best, index) =>
        sign * (curve.value[index] ?? 0) > sign * (curve.value[best] ?? 0) ? index : best,
      );
    if (part.length > 0) kept.add(by(1)).add(by(-1));
  }
  return [...kept].sort((a, b) => a - b);
}

/** As the extension answers for many curves. */
export function inOneBuffer(answers: readonly ReturnType<typeof readCurve>[]) {
  const columns = new Uint8Array(answers.reduce((sum, one) => sum + one.columns.byteLength, 0));
  let position = 0;
  for (const one of answers) {
    columns.set(new Uint8Array(one.columns), position);
    position += one.columns.byteLength;
  }
  return {
    reads: answers.map(({ count, cursor, total, revision }) => ({ count, cursor, total, revision })),
    columns: columns.buffer,
  };
}

export function pack(
  curve: Pick<Curve, "step" | "time" | "value" | "superseded">,
  indices: number[],
): ArrayBuffer {
  const columns = new Float64Array(indices.length * 4);
  [curve.step, curve.time, curve.value, curve.superseded].forEach((column, at) => {
    indices.forEach((index, row) => (columns[at * indices.length + row] = column[index] ?? NaN));
  });
  return columns.buffer;
}
