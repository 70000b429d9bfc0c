/**
 * Where a bracket's dots stand: a row for each rung, in it a swarm of dots over a value axis of its own, since what is far
 * apart on one rung is close together on the next. Pure.
 */
import type { Range } from "../curves/scales.ts";
import type { LadderEntry, LadderRung } from "./ladder.ts";
import { withinRange } from "./valueScale.ts";

export interface LadderDot {
  entry: LadderEntry;
  /** 0: the top rung. */
  rung: number;
  x: number;
  y: number;
  /** Its value lies beyond the axis, or is none. */
  isBeyond: boolean;
}
export interface LadderRow {
  top: number;
  height: number;
  /** Where its axis is drawn, below the dots. */
  axisY: number;
  range: Range;
  /** Where the cut is, if it has one. */
  cutX: number | null;
}
export interface LadderLayout {
  /** The best of each rung first, the top rung before the others. */
  dots: LadderDot[];
  rows: LadderRow[];
  radius: number;
  height: number;
}

/** Above the dots, for the cut's label. */
const LABEL_BAND = 14;
/** Below them, for those of the axis. */
const TICK_BAND = 18;
const LEAST_SWARM = 20;
const MOST_SWARM = 84;
/** From the ends of the axis to those of the picture. */
export const SIDE = 10;

export function layoutLadder(
  rungs: readonly LadderRung[],
  ranges: readonly Range[],
  widthPx: number,
  smallerIsBetter: boolean,
): LadderLayout {
  const most = Math.max(0, ...rungs.map(({ entries }) => entries.length));
  const radius = most <= 60 ? 4.5 : most <= 300 ? 3.5 : 2.5;
  const dots: LadderDot[] = [];
  const rows: LadderRow[] = [];
  let top = 0;
  rungs.forEach(({ entries, cut }, rung) => {
    const range = ranges[rung] ?? { min: 0, max: 1 };
    const xOf = (value: number) => xOfValue(value, widthPx, range);
    const placed = entries.map((entry) => {
      const { at, isBeyond } = withinRange(entry.value, range, smallerIsBetter);
      return { entry, isBeyond, x: xOf(at) };
    });
    const bins = new Map<number, number>();
    const binOf = (x: number) => Math.round(x / (2 * radius));
    for (const { x } of placed) bins.set(binOf(x), (bins.get(binOf(x)) ?? 0) + 1);
    const highest = Math.max(1, ...bins.values());
    const swarm = Math.min(MOST_SWARM, Math.max(LEAST_SWARM, (highest + 1) * 2 * radius));
    const height = LABEL_BAND + swarm + TICK_BAND;
    const room = swarm - 2 * radius;
    const middle = top + LABEL_BAND + swarm / 2;
    const taken = new Map<number, number>();
    for (const { entry, isBeyond, x } of placed) {
      const bin = binOf(x);
      const index = taken.get(bin) ?? 0;
      taken.set(bin, index + 1);
      // Where there are more than fit they overlap.
      const step = Math.min(2 * radius, room / Math.max(1, (bins.get(bin) ?? 1) - 1));
      const offset = (index % 2 === 1 ? 1 : -1) * Math.ceil(index / 2) * step;
      dots.push({ entry, rung, x, y: middle + offset, isBeyond });
    }
    const cutAt = cut === null ? null : withinRange(cut, range, smallerIsBetter);
    const cutX = cutAt === null || cutAt.isBeyond ? null : xOf(cutAt.at);
    rows.push({ top, height, axisY: top + LABEL_BAND + swarm, range, cutX });
    top += height;
  });
  return { dots, rows, radius, height: top };
}

export function xOfValue(value: number, widthPx: number, { min, max }: Range): number {
  return SIDE + ((value - min) / (max - min)) * Math.max(1, widthPx - 2 * SIDE);
}

/** The dot under the pointer, or near it. */
export function dotAt({ dots, radius }: LadderLayout, x: number, y: number): LadderDot | null {
  let nearest: { dot: LadderDot; distance: number } | null = null;
  for (const dot of dots) {
    const distance = Math.hypot(dot.x - x, dot.y - y);
    if (distance <= radius + 6 && (nearest === null || distance < nearest.distance))
      nearest = { dot, distance };
  }
  return nearest?.dot ?? null;
}

/** The dot to which an arrow key leads: along the rung by value, or to the same trial on another rung, else the nearest there. */
export function neighbour(
  { dots }: LadderLayout,
  from: LadderDot | null,
  key: "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End",
): LadderDot | null {
  if (from === null) return dots[0] ?? null;
  const isVertical = key === "ArrowUp" || key === "ArrowDown";
  if (!isVertical) {
    const row = dots.filter(({ rung }) => rung === from.rung).sort((a, b) => a.x - b.x || a.y - b.y);
    const at = row.indexOf(from);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: row.length - 1 }[key];
    return row[Math.min(row.length - 1, Math.max(0, to))] ?? from;
  }
  const by = key === "ArrowUp" ? -1 : 1;
  const last = Math.max(...dots.map(({ rung }) => rung));
  for (let rung = from.rung + by; rung >= 0 && rung <= last; rung += by) {
    const row = dots.filter((dot) => dot.rung === rung);
    const same = row.find(({ entry }) => entry.trialId === from.entry.trialId);
    if (same !== undefined) return same;
    if (row.length > 0)
      return row.reduce((held, dot) => (Math.abs(dot.x - from.x) < Math.abs(held.x - from.x) ? dot : held));
  }
  return from;
}
