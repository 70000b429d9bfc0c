/** From stored points to what is drawn: axes, smoothing, gaps, superseded parts. Pure. */
import type { PointColumns } from "./columns.ts";

export interface Point {
  x: number;
  y: number;
}
export interface CurveOptions {
  xAxis: "step" | "time";
  logX: boolean;
  logY: boolean;
  /** 0 (off) to 0.99. */
  smoothing: number;
  /** Where relative time starts, in milliseconds since the epoch. */
  originMs: number;
}
export interface DrawnCurve {
  /** The line: smoothed when smoothing is on. Sorted by x; a NaN y is a gap. */
  line: Point[];
  /** The line as it was reported, drawn faint behind a smoothed one; null without smoothing. */
  raw: Point[] | null;
  /** Superseded parts, one after the other with gaps between. */
  superseded: Point[];
  /** x of values that are no number or infinite. */
  notNumbers: number[];
  /** Points without a neighbour, which a line cannot show. */
  lone: Point[];
  /** Values left out because a logarithmic axis has no place for them. */
  leftOut: number;
  /** Of the line as it was reported; null when it has no points. */
  whole: ReturnType<typeof extent>;
}

export function drawnCurve(columns: PointColumns, options: CurveOptions): DrawnCurve {
  const raw: Point[] = [];
  const superseded: Point[] = [];
  const notNumbers: number[] = [];
  let leftOut = 0;
  for (let index = 0; index < columns.length; index++) {
    const x =
      options.xAxis === "step"
        ? (columns.step[index] ?? NaN)
        : ((columns.time[index] ?? NaN) - options.originMs) / 1000;
    const value = columns.value[index] ?? NaN;
    if (options.logX && !(x > 0)) {
      leftOut++;
      continue;
    }
    const isNumber = Number.isFinite(value);
    const fits = isNumber && (!options.logY || value > 0);
    if (isNumber && !fits) leftOut++;
    if (columns.superseded[index] === 1) {
      const last = superseded.at(-1);
      if (last !== undefined && last.x > x) superseded.push({ x, y: NaN });
      superseded.push({ x, y: fits ? value : NaN });
      continue;
    }
    if (!isNumber) notNumbers.push(x);
    raw.push({ x, y: fits ? value : NaN });
  }
  sortByX(raw);
  const line = options.smoothing > 0 ? smooth(raw, options.smoothing, columns.reported) : raw;
  return {
    line,
    raw: line === raw ? null : raw,
    superseded,
    notNumbers,
    lone: lonePoints(raw),
    leftOut,
    whole: extent(raw),
  };
}

/** Several writers may interleave; nearly always there is nothing to do. */
function sortByX(points: Point[]): void {
  for (let index = 1; index < points.length; index++) {
    if ((points[index]?.x ?? 0) < (points[index - 1]?.x ?? 0)) {
      points.sort((a, b) => a.x - b.x);
      return;
    }
  }
}

/** Up to this many points the smoothing is the plain one per point; beyond it, per thousandth of the x range. */
const SMOOTHING_RESOLUTION = 1000;

/**
 * Exponential moving average with debiasing (Kingma and Ba 2015), weighted by the distance in x so that it looks the
 * same however many points a reading was reduced to. Gaps stay gaps.
 */
export function smooth(points: readonly Point[], weight: number, total = points.length): Point[] {
  const span = (points.at(-1)?.x ?? 0) - (points[0]?.x ?? 0);
  const unit = span > 0 ? span / Math.max(1, Math.min(total, SMOOTHING_RESOLUTION) - 1) : 1;
  let mean = 0;
  let known = 0;
  let before: number | null = null;
  return points.map(({ x, y }) => {
    if (Number.isNaN(y)) return { x, y };
    const distance = before === null ? 1 : (x - before) / unit;
    before = x;
    const keep = weight ** distance;
    mean = keep * mean + (1 - keep) * y;
    known = keep * known + (1 - keep);
    return { x, y: known > 0 ? mean / known : y };
  });
}

export function lonePoints(points: readonly Point[]): Point[] {
  return points.filter((point, index) => {
    const gapBefore = Number.isNaN(points[index - 1]?.y ?? NaN);
    const gapAfter = Number.isNaN(points[index + 1]?.y ?? NaN);
    return !Number.isNaN(point.y) && gapBefore && gapAfter;
  });
}

/** Index of the point nearest to `x` in points sorted by x; -1 when there is none. */
export function nearestIndex(points: readonly Point[], x: number): number {
  const low = Math.min(indexFrom(points, x), points.length - 1);
  if (low < 0) return -1;
  const after = points[low]?.x ?? Infinity;
  const before = points[low - 1]?.x ?? -Infinity;
  return low > 0 && x - before <= after - x ? low - 1 : low;
}

/** Index of the first point at `x` or behind it, in points sorted by x. */
export function indexFrom(points: readonly Point[], x: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.x ?? 0) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Lowest and highest y, and x, of what lies between `from` and `to` in points sorted by x; null when nothing does. */
export function extent(
  points: readonly Point[],
  from = -Infinity,
  to = Infinity,
): { x: [number, number]; y: [number, number] } | null {
  const x: [number, number] = [Infinity, -Infinity];
  const y: [number, number] = [Infinity, -Infinity];
  for (let at = indexFrom(points, from); at < points.length; at++) {
    const point = points[at];
    if (point === undefined || point.x > to) break;
    x[0] = Math.min(x[0], point.x);
    x[1] = Math.max(x[1], point.x);
    if (Number.isNaN(point.y)) continue;
    y[0] = Math.min(y[0], point.y);
    y[1] = Math.max(y[1], point.y);
  }
  return x[0] === Infinity ? null : { x, y };
}
