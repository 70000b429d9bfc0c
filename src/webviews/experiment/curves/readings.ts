/** What the tooltip, the live region and the summary say about curves. Pure. */
import { formatDistinct, formatDuration, formatInteger, formatValue } from "../format.ts";
import { nearestIndex, type Point } from "./transform.ts";

export interface Reading {
  key: string;
  label: string;
  value: number;
  text: string;
  /** x where the value was reported. */
  x: number;
  /** The last value of the curve as text; null when this is it. */
  last: string | null;
}
export interface ReadableCurve {
  key: string;
  label: string;
  /** As reported, sorted by x. */
  points: readonly Point[];
  /** Whether a value is missing there because it was NaN or infinite. */
  isNotNumber: (x: number) => boolean;
  /** A value as text, for curves with a unit; else significant digits that differ. */
  format?: (value: number) => string;
}

/** Values of all curves at the point nearest to `x`, highest first, those that are no number last. */
export function readingsAt(curves: readonly ReadableCurve[], x: number): Reading[] {
  const found = curves.flatMap((curve) => {
    const point = curve.points[nearestIndex(curve.points, x)];
    return point === undefined ? [] : [{ curve, point, last: lastNumber(curve.points) }];
  });
  const texts = formatDistinct(found.map(({ point }) => point.y));
  const lasts = formatDistinct(found.map(({ last }) => last?.y ?? NaN));
  return found
    .map(({ curve, point, last }, index) => ({
      key: curve.key,
      label: curve.label,
      value: point.y,
      text: Number.isNaN(point.y)
        ? curve.isNotNumber(point.x)
          ? "not a number"
          : "not on this axis"
        : (curve.format?.(point.y) ?? texts[index] ?? ""),
      x: point.x,
      last: last === null || last.x <= point.x ? null : (curve.format?.(last.y) ?? lasts[index] ?? ""),
    }))
    .sort((a, b) => (Number.isNaN(a.value) ? 1 : Number.isNaN(b.value) ? -1 : b.value - a.value));
}

function lastNumber(points: readonly Point[]): Point | null {
  return points.findLast(({ y }) => !Number.isNaN(y)) ?? null;
}

export function formatX(x: number, axis: "step" | "time"): string {
  return axis === "step" ? `step ${formatInteger(x)}` : formatDuration(x * 1000);
}

/** For people who do not see the chart: `validation, 900 points, from 2.31 to 0.061, lowest 0.0604 at step 880`. */
export function summarise(curve: ReadableCurve, reported: number, axis: "step" | "time"): string {
  const points = curve.points.filter((point) => !Number.isNaN(point.y));
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return `${curve.label}: no numbers yet`;
  const format = curve.format ?? ((value: number) => formatValue(value));
  let lowest = first;
  let highest = first;
  for (const point of points) {
    if (point.y < lowest.y) lowest = point;
    if (point.y > highest.y) highest = point;
  }
  return (
    `${curve.label}: ${formatInteger(reported)} points, from ${format(first.y)} to ${format(last.y)}, ` +
    `lowest ${format(lowest.y)} at ${formatX(lowest.x, axis)}, highest ${format(highest.y)} at ${formatX(highest.x, axis)}`
  );
}
