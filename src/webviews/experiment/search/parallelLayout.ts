/** Where everything of the parallel coordinates stands, in pixels. Pure. */
import { spreadPlaceOf, ticksOf, type Axis, type Tick } from "./axes.ts";
import type { TrialRow } from "./trialRows.ts";

/** Room between two axes; a window too small for it scrolls. */
export const LEAST_GAP = 92;
const LEFT = 12;
/** For the labels of the last axis. */
const RIGHT = 92;
const TOP = 10;
const LABEL_HEIGHT = 14;
/** Of the lane of those without a value, with the room above it. */
const LANE = 34;
const BOTTOM = 8;

export interface PlacedAxis {
  axis: Axis;
  x: number;
  /** With their y. */
  ticks: (Tick & { y: number })[];
}
export interface TrialLine {
  row: TrialRow;
  /** One for each axis. */
  ys: number[];
  isWithin: boolean;
  /** 0 (worst) to 1 (best); null without a value. */
  goodness: number | null;
  /** It failed, or its metric was not a number. */
  isBroken: boolean;
}
export interface ParallelLayout {
  widthPx: number;
  heightPx: number;
  top: number;
  /** Where axes begin. */
  bottom: number;
  /** Of the lane of those without a value. Null: everybody has a value on every axis. */
  laneY: number | null;
  smallerIsBetter: boolean;
  axes: PlacedAxis[];
  lines: TrialLine[];
}

export interface ParallelContents {
  rows: readonly TrialRow[];
  /** The metric's is the last. */
  axes: readonly Axis[];
  smallerIsBetter: boolean;
  isWithin: (row: TrialRow) => boolean;
}

export function leastWidth(axes: number): number {
  return LEFT + RIGHT + Math.max(1, axes - 1) * LEAST_GAP;
}

/** @param windowPx what there is room for without scrolling */
export function layoutParallel(
  { rows, axes, smallerIsBetter, isWithin }: ParallelContents,
  windowPx: number,
  heightPx: number,
): ParallelLayout {
  const gaps = Math.max(1, axes.length - 1);
  const widthPx = Math.max(windowPx, leastWidth(axes.length));
  const places = rows.map((row) => axes.map((axis) => spreadPlaceOf(axis, row)));
  const hasLane = places.some((ofRow) => ofRow.includes(null));
  const bottom = heightPx - BOTTOM - (hasLane ? LANE : 0);
  const laneY = hasLane ? heightPx - BOTTOM - LABEL_HEIGHT / 2 : null;
  const yOf = (place: number | null) =>
    place === null ? (laneY ?? bottom) : bottom - place * (bottom - TOP);
  const most = Math.max(2, Math.floor((bottom - TOP) / (2 * LABEL_HEIGHT)));
  return {
    widthPx,
    heightPx,
    top: TOP,
    bottom,
    laneY,
    smallerIsBetter,
    axes: axes.map((axis, index) => ({
      axis,
      x: LEFT + (index * (widthPx - LEFT - RIGHT)) / gaps,
      ticks: ticksOf(axis.scale, axis.scale.kind === "category" ? 2 * most : most).map((tick) => ({
        ...tick,
        y: yOf(tick.at),
      })),
    })),
    lines: rows.map((row, index) => {
      const ofRow = places[index] ?? [];
      const value = ofRow.at(-1) ?? null;
      return {
        row,
        ys: ofRow.map(yOf),
        isWithin: isWithin(row),
        goodness: value === null ? null : smallerIsBetter ? 1 - value : value,
        isBroken: isBroken(row),
      };
    }),
  };
}

export function isBroken({ trial }: TrialRow): boolean {
  return trial.state === "failed" || trial.nan !== null;
}

/** A pointer further from every line than this means none. */
const NEAR_PX = 8;

/** The line under the pointer, of those within the brushes where there are some. */
export function lineAt({ axes, lines }: ParallelLayout, x: number, y: number): TrialLine | null {
  const right = axes.findIndex((axis) => axis.x >= x);
  const index = right < 0 ? axes.length - 1 : right;
  const [before, after] = [axes[Math.max(0, index - 1)], axes[index]];
  if (before === undefined || after === undefined) return null;
  const share = after.x === before.x ? 1 : Math.min(1, Math.max(0, (x - before.x) / (after.x - before.x)));
  let nearest: { line: TrialLine; distance: number } | null = null;
  for (const line of lines) {
    if (!line.isWithin) continue;
    const from = line.ys[Math.max(0, index - 1)] ?? 0;
    const to = line.ys[index] ?? 0;
    const distance = Math.abs(from + (to - from) * share - y);
    if (distance <= NEAR_PX && (nearest === null || distance < nearest.distance))
      nearest = { line, distance };
  }
  return nearest?.line ?? null;
}

/** The axis by which a drag begins. */
export function axisAt({ axes }: ParallelLayout, x: number): PlacedAxis | null {
  return axes.find((axis) => Math.abs(axis.x - x) <= NEAR_PX) ?? null;
}

/** What lies between two heights of an axis: places from 0 to 1, and whether the lane below is among it. */
export function spanBetween(
  { top, bottom, laneY }: ParallelLayout,
  y1: number,
  y2: number,
): { span: { from: number; to: number } | null; missing: boolean } {
  const [high, low] = [Math.min(y1, y2), Math.max(y1, y2)];
  const placeAt = (y: number) => Math.min(1, Math.max(0, (bottom - y) / (bottom - top)));
  const missing = laneY !== null && low > (bottom + laneY) / 2;
  return { span: high >= bottom ? null : { from: placeAt(low), to: placeAt(high) }, missing };
}

/** Where places from 0 to 1 stand. */
export function heightOf({ top, bottom }: ParallelLayout, place: number): number {
  return bottom - place * (bottom - top);
}
