/** Where the dots of the scatter stand, in pixels. Pure. */
import { placeOf, spreadPlaceOf, ticksOf, type Axis, type Tick } from "./axes.ts";
import { isBroken } from "./parallelLayout.ts";
import type { TrialRow } from "./trialRows.ts";

const LEFT = 56;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 24;
/** Of those without a value, on either axis. */
const LANE = 26;
const LABEL_PX = 68;
const LABEL_HEIGHT = 36;
const NEAR_PX = 12;

export interface Dot {
  row: TrialRow;
  x: number;
  y: number;
  isWithin: boolean;
  goodness: number | null;
  isBroken: boolean;
}
export interface ScatterLayout {
  widthPx: number;
  heightPx: number;
  /** Of the plot, without lanes. */
  box: { left: number; right: number; top: number; bottom: number };
  /** Null: everybody has a value there. */
  laneX: number | null;
  laneY: number | null;
  xTicks: (Tick & { x: number })[];
  yTicks: (Tick & { y: number })[];
  dots: Dot[];
}
export interface ScatterContents {
  rows: readonly TrialRow[];
  x: Axis;
  y: Axis;
  smallerIsBetter: boolean;
  isWithin: (row: TrialRow) => boolean;
}

export function layoutScatter(
  { rows, x, y, smallerIsBetter, isWithin }: ScatterContents,
  widthPx: number,
  heightPx: number,
): ScatterLayout {
  const places = rows.map((row) => ({ x: spreadPlaceOf(x, row), y: placeOf(y, row) }));
  const lacksX = places.some((place) => place.x === null);
  const lacksY = places.some((place) => place.y === null);
  const box = {
    left: LEFT + (lacksX ? LANE : 0),
    right: Math.max(LEFT + LANE + 1, widthPx - RIGHT),
    top: TOP,
    bottom: heightPx - BOTTOM - (lacksY ? LANE : 0),
  };
  const laneX = lacksX ? LEFT + LANE / 2 - 4 : null;
  const laneY = lacksY ? heightPx - BOTTOM - LANE / 2 + 4 : null;
  const xOf = (place: number) => box.left + place * (box.right - box.left);
  const yOf = (place: number) => box.bottom - place * (box.bottom - box.top);
  return {
    widthPx,
    heightPx,
    box,
    laneX,
    laneY,
    xTicks: ticksOf(x.scale, Math.max(2, Math.floor((box.right - box.left) / LABEL_PX))).map((tick) => ({
      ...tick,
      x: xOf(tick.at),
    })),
    yTicks: ticksOf(y.scale, Math.max(2, Math.floor((box.bottom - box.top) / LABEL_HEIGHT))).map((tick) => ({
      ...tick,
      y: yOf(tick.at),
    })),
    dots: rows.map((row, index) => {
      const place = places[index] ?? { x: null, y: null };
      return {
        row,
        x: place.x === null ? (laneX ?? box.left) : xOf(place.x),
        y: place.y === null ? (laneY ?? box.bottom) : yOf(place.y),
        isWithin: isWithin(row),
        goodness: place.y === null ? null : smallerIsBetter ? 1 - place.y : place.y,
        isBroken: isBroken(row),
      };
    }),
  };
}

/** The dot under the pointer, or near it. */
export function nearestDot({ dots }: ScatterLayout, x: number, y: number): Dot | null {
  let nearest: { dot: Dot; distance: number } | null = null;
  for (const dot of dots) {
    if (!dot.isWithin) continue;
    const distance = Math.hypot(dot.x - x, dot.y - y);
    if (distance <= NEAR_PX && (nearest === null || distance < nearest.distance)) nearest = { dot, distance };
  }
  return nearest?.dot ?? null;
}
