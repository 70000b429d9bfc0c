/** Axes for what varies in a search and for its metric, shared by parallel coordinates and the scatter. Pure. */
import type { Json } from "../../../cluster/protocol/base.ts";
import type { MetricChoice } from "../../../cluster/protocol/entities.ts";
import type { SpaceAxis } from "../../../cluster/protocol/search.ts";
import { growLogRange, growRange, linearTicks, logTicks, type Range } from "../curves/scales.ts";
import { formatTick } from "../format.ts";
import { valueText } from "../parameters.ts";
import { parameterColumn, differingParameters, type TrialRow } from "./trialRows.ts";
import { logValueRange, valueRange, withinRange } from "./valueScale.ts";

export type Scale = { kind: "linear" | "log"; range: Range } | { kind: "category"; values: string[] };
export interface Axis {
  /** `metric`, or the column of a parameter. */
  id: string;
  title: string;
  scale: Scale;
  /** Of a trial; null: it has none, or one for which this axis has no place. */
  valueOf: (row: TrialRow) => number | string | null;
}
export interface Tick {
  /** 0 (below) to 1. */
  at: number;
  text: string;
}

export const METRIC_AXIS = "metric";
/** Between powers of ten: without a space that says so, an axis is logarithmic from here. */
const LOG_FROM = 50;

/** One for each hyperparameter that varies: those of the space in its order, then others (a trial that was added by hand). */
export function parameterAxes(rows: readonly TrialRow[], space: readonly SpaceAxis[]): Axis[] {
  const known = new Map(space.map((one) => [one.name, one]));
  const names = new Set([...known.keys(), ...differingParameters(rows)]);
  return [...names].map((name) => {
    const values = rows.map(({ parameters }) => parameters.get(name)).filter(isThere);
    const scale = scaleOf(values, known.get(name));
    return {
      id: parameterColumn(name),
      title: name,
      scale,
      valueOf: ({ parameters }) => {
        const value = parameters.get(name);
        if (!isThere(value)) return null;
        if (scale.kind === "category") return valueText(value);
        return typeof value === "number" && (scale.kind === "linear" || value > 0) ? value : null;
      },
    };
  });
}

/** @param before its range until now, so that a live picture does not move with each value */
export function metricAxis(
  rows: readonly TrialRow[],
  metric: MetricChoice | null,
  isLog: boolean,
  before: Range | null,
): Axis {
  const values = rows.flatMap(({ trial }) => (trial.best === null ? [] : [trial.best.value]));
  const smallerIsBetter = metric?.smallerIsBetter ?? true;
  const range = isLog ? logValueRange(values, before) : valueRange(values, smallerIsBetter, before);
  return {
    id: METRIC_AXIS,
    title: metric?.name ?? "value",
    scale: { kind: isLog ? "log" : "linear", range },
    valueOf: ({ trial }) => {
      const value = trial.best?.value ?? NaN;
      // What lies beyond the axis stands at its end.
      return Number.isNaN(value) ? null : withinRange(value, range, smallerIsBetter).at;
    },
  };
}

/** 0 (below) to 1; null: it belongs into the lane of those without a value. */
export function placeOf({ scale, valueOf }: Axis, row: TrialRow): number | null {
  const value = valueOf(row);
  return value === null ? null : position(scale, value);
}

/** How much of the room of its category trials are spread over. */
const SPREAD = 0.5;

/** As placeOf; within its category each trial has a place of its own, so that they do not all lie on one point. */
export function spreadPlaceOf(axis: Axis, row: TrialRow): number | null {
  const place = placeOf(axis, row);
  if (place === null || axis.scale.kind !== "category") return place;
  // Multiples of the golden ratio lie evenly, however many there are.
  const aside = ((row.trial.number * 0.618034) % 1) - 0.5;
  return place + (SPREAD * aside) / axis.scale.values.length;
}

export function position(scale: Scale, value: number | string): number | null {
  if (scale.kind === "category") {
    const index = scale.values.indexOf(String(value));
    return index < 0 ? null : (index + 0.5) / scale.values.length;
  }
  const { min, max } = scale.range;
  const number = Number(value);
  const at =
    scale.kind === "log" ? Math.log(number / min) / Math.log(max / min) : (number - min) / (max - min);
  return Number.isFinite(at) ? Math.min(1, Math.max(0, at)) : null;
}

/** The value at a place between 0 and 1; of categories the nearest. */
export function valueAt(scale: Scale, at: number): number | string {
  const place = Math.min(1, Math.max(0, at));
  if (scale.kind === "category") {
    const { values } = scale;
    return values[Math.min(values.length - 1, Math.floor(place * values.length))] ?? "";
  }
  const { min, max } = scale.range;
  const value = scale.kind === "log" ? min * (max / min) ** place : min + (max - min) * place;
  // Not more digits than a person could mean by a place on a screen.
  return place === 0 ? min : place === 1 ? max : Number(value.toPrecision(4));
}

/** Labels that fit: at most `most`. */
export function ticksOf(scale: Scale, most: number): Tick[] {
  if (scale.kind === "category") {
    const every = Math.max(1, Math.ceil(scale.values.length / Math.max(1, most)));
    return scale.values
      .map((text, index) => ({ text, at: (index + 0.5) / scale.values.length }))
      .filter((_, index) => index % every === 0);
  }
  const { range } = scale;
  if (scale.kind === "log")
    return logTicks(range, most).map((value) => ({
      at: position(scale, value) ?? 0,
      text: formatTick(value, value),
    }));
  const { values, step } = linearTicks(range, most);
  return values.map((value) => ({ at: position(scale, value) ?? 0, text: formatTick(value, step) }));
}

function isThere(value: Json | undefined): value is NonNullable<Json> {
  return value !== undefined && value !== null;
}

function scaleOf(values: readonly NonNullable<Json>[], known: SpaceAxis | undefined): Scale {
  const numbers = values.filter((value) => typeof value === "number");
  if (known?.type === "categorical" || numbers.length < values.length) {
    const own = known?.type === "categorical" ? known.vals.filter(isThere).map(valueText) : [];
    const others = [...new Set(values.map(valueText))]
      .filter((text) => !own.includes(text))
      .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    return { kind: "category", values: [...own, ...others] };
  }
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  if (known?.type === "log") {
    const ends = [known.base ** known.minval, known.base ** known.maxval, ...numbers.filter((n) => n > 0)];
    return { kind: "log", range: { min: Math.min(...ends), max: Math.max(...ends) } };
  }
  if (known !== undefined) {
    const range = { min: Math.min(known.minval, low), max: Math.max(known.maxval, high) };
    return { kind: "linear", range: range.min < range.max ? range : growRange(null, low, high) };
  }
  if (low > 0 && high / low >= LOG_FROM) return { kind: "log", range: growLogRange(null, low, high) };
  return { kind: "linear", range: growRange(null, low, high) };
}
