/** Brushes on axes: who is within them, and how they are made and told. Pure. */
import type { Brush } from "../../contract/messages.ts";
import { formatValue } from "../format.ts";
import { placeOf, position, valueAt, type Axis } from "./axes.ts";
import type { TrialRow } from "./trialRows.ts";

/** What two places differ by when a value was read off the screen. */
const HAIR = 1e-6;

export function isWithin(row: TrialRow, axes: readonly Axis[], brushes: readonly Brush[]): boolean {
  return brushes.every((brush) => {
    const axis = axes.find(({ id }) => id === brush.axis);
    // One of an axis that is not there (any more), or is of another kind now, hides nothing.
    if (axis === undefined || !fits(axis, brush)) return true;
    const value = axis.valueOf(row);
    const at = placeOf(axis, row);
    if (value === null || at === null) return brush.missing;
    if (axis.scale.kind === "category") return brush.values?.includes(String(value)) ?? false;
    const span = spanOf(axis, brush);
    return span !== null && at >= span.from - HAIR && at <= span.to + HAIR;
  });
}

/** A brush over values is for categories, one over a range for numbers; either can be for who has none. */
function fits({ scale }: Axis, { range, values, missing }: Brush): boolean {
  if (range === null && values === null) return missing;
  return scale.kind === "category" ? values !== null : range !== null;
}

/** Where a brush lies on its axis, from 0 to 1; null: only those without a value are meant. */
export function spanOf(axis: Axis, brush: Brush): { from: number; to: number } | null {
  const { scale } = axis;
  if (scale.kind === "category") {
    const indices = scale.values.flatMap((value, index) => (brush.values?.includes(value) ? [index] : []));
    if (indices.length === 0) return null;
    const count = scale.values.length;
    return { from: Math.min(...indices) / count, to: (Math.max(...indices) + 1) / count };
  }
  if (brush.range === null) return null;
  const from = position(scale, brush.range.from);
  const to = position(scale, brush.range.to);
  return from === null || to === null ? null : { from, to };
}

/** A brush over places from 0 to 1. @param span null: only those without a value */
export function brushOver(axis: Axis, span: { from: number; to: number } | null, missing: boolean): Brush {
  const none: Brush = { axis: axis.id, range: null, values: null, missing };
  if (span === null) return none;
  const { scale } = axis;
  if (scale.kind === "category") {
    const { values } = scale;
    const first = Math.floor(Math.max(0, span.from) * values.length + HAIR);
    const last = Math.ceil(Math.min(1, span.to) * values.length - HAIR);
    return { ...none, values: values.slice(first, Math.max(first + 1, last)) };
  }
  return {
    ...none,
    range: { from: Number(valueAt(scale, span.from)), to: Number(valueAt(scale, span.to)) },
  };
}

/** Twentieths of an axis, or its categories. */
const STEPS = 20;

/** What an arrow key makes of a brush: one end of it moves. Null: it covers the whole axis, so there is none. */
export function movedBrush(axis: Axis, brush: Brush | null, end: "from" | "to", by: 1 | -1): Brush | null {
  const step = axis.scale.kind === "category" ? 1 / axis.scale.values.length : 1 / STEPS;
  const span = (brush === null ? null : spanOf(axis, brush)) ?? { from: 0, to: 1 };
  const moved = Math.round(span[end] / step + by) * step;
  const next =
    end === "to"
      ? { from: span.from, to: Math.min(1, Math.max(span.from + step, moved)) }
      : { from: Math.max(0, Math.min(span.to - step, moved)), to: span.to };
  const isWhole = next.from <= HAIR && next.to >= 1 - HAIR;
  return isWhole ? null : brushOver(axis, next, false);
}

/** `0.001 to 0.01`, `adam, sgd, or no value`. */
export function brushText(brush: Brush): string {
  const { range, values, missing } = brush;
  const parts =
    range !== null
      ? [`${formatValue(range.from)} to ${formatValue(range.to)}`]
      : values === null
        ? []
        : [values.join(", ")];
  return [...parts, ...(missing ? ["no value"] : [])].join(", or ");
}

export function withBrush(brushes: readonly Brush[], axis: string, brush: Brush | null): Brush[] {
  return [...brushes.filter((one) => one.axis !== axis), ...(brush === null ? [] : [brush])];
}
