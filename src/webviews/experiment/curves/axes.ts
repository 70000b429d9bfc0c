/** The two axes of a chart as chart.js takes them: our ranges, our ticks, a hairline grid, no border. */
import type { ChartOptions, Scale } from "chart.js";
import { formatTick } from "../format.ts";
import type { Palette } from "./palette.ts";
import { linearTicks, logTicks, niceTimeStep, type Range, type Ticks } from "./scales.ts";

type AxisOptions = NonNullable<NonNullable<ChartOptions<"line">["scales"]>[string]>;

/** Room that a label of the x axis takes, in pixels. */
const LABEL_ROOM = 64;

export function xAxis(
  range: Range,
  options: { isTime: boolean; isLog: boolean; widthPx: number; palette: Palette },
): AxisOptions {
  const { isTime, isLog, palette } = options;
  const parts = Math.min(6, Math.max(2, Math.floor(options.widthPx / LABEL_ROOM)));
  const ticks = isLog
    ? { values: logTicks(range, parts), step: 0 }
    : linearTicks(range, parts, isTime ? niceTimeStep : undefined);
  const last = ticks.values.at(-1);
  const text = (value: number) =>
    isTime ? formatSeconds(value, ticks.step, value === last) : tickText(value, ticks.step);
  const { grid, ...axis } = axisOptions(range, isLog, ticks, palette, text);
  return {
    ...axis,
    grid: { ...grid, display: false },
    ticks: { ...axis.ticks, align: "inner", maxRotation: 0 },
  };
}

export function yAxis(
  range: Range,
  options: { isLog: boolean; palette: Palette; format: ((value: number) => string) | undefined },
): AxisOptions {
  const { isLog, palette, format } = options;
  const ticks = isLog ? { values: logTicks(range, 5), step: 0 } : linearTicks(range, 5);
  const text = (value: number) => format?.(value) ?? tickText(value, ticks.step);
  return {
    ...axisOptions(range, isLog, ticks, palette, text),
    // In steps, so that the plot stays where it is when a label becomes a digit longer.
    afterFit: (axis: Scale) => void (axis.width = Math.ceil(axis.width / 12) * 12),
  };
}

function axisOptions(
  range: Range,
  isLog: boolean,
  ticks: Ticks,
  palette: Palette,
  text: (value: number) => string,
) {
  return {
    type: isLog ? ("logarithmic" as const) : ("linear" as const),
    min: range.min,
    max: range.max,
    border: { display: false },
    grid: { color: palette.grid, drawTicks: false, lineWidth: 1 },
    afterBuildTicks: (axis: Scale) => {
      axis.ticks = ticks.values.map((value) => ({ value }));
    },
    ticks: {
      color: palette.quiet,
      font: { family: palette.monospace, size: palette.sizePx },
      padding: 6,
      autoSkip: false,
      callback: (value: number | string) => text(Number(value)),
    },
  };
}

function tickText(value: number, step: number): string {
  return formatTick(value, step === 0 ? Math.abs(value) : step);
}

/** Seconds on an axis as seconds, minutes or hours; the last tick names the unit. */
function formatSeconds(value: number, step: number, isLast: boolean): string {
  const [unit, name] = step >= 1800 ? [3600, "h"] : step >= 60 ? [60, "min"] : [1, "s"];
  const text = formatTick(value / unit, Math.max(step / unit, 1e-3));
  return isLast ? `${text} ${name}` : text;
}
