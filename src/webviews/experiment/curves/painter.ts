/** What chart.js does not draw: dots, marks of values that are no number, labels at line ends, crosshair, selection. */
import type { Chart, Plugin } from "chart.js";
import { spreadLabels } from "./labels.ts";
import { withAlpha, type Palette } from "./palette.ts";
import type { Point } from "./transform.ts";

export interface PaintedCurve {
  key: string;
  label: string;
  colour: string;
  line: readonly Point[];
  lone: readonly Point[];
  notNumbers: readonly number[];
  /** Has a label at its end, where there is room for labels. */
  isNamed: boolean;
}
export interface Paint {
  palette: Palette;
  curves: readonly PaintedCurve[];
  /** The curve that is looked at; the others recede, */
  front: string | null;
  /** but for these, which the others recede for also when none is looked at. */
  kept: ReadonlySet<string>;
  crosshair: { x: number; points: { key: string; x: number; y: number }[] } | null;
  selection: { from: number; to: number } | null;
  labelWidthPx: number;
}

export const LABEL_GAP = 8;
const MOST_LEADER = 24;

/** @param behind draws what is behind the lines */
export function painter(current: () => Paint, behind: (chart: Chart) => void): Plugin<"line"> {
  return {
    id: "trainyard",
    beforeDatasetsDraw: (chart) => {
      if (chart.scales.x === undefined || chart.scales.y === undefined) return;
      behind(chart);
    },
    afterDatasetsDraw: (chart) => {
      // chart.js draws once before it has scales.
      if (chart.scales.x === undefined || chart.scales.y === undefined) return;
      const paint = current();
      const context = chart.ctx;
      context.save();
      selection(chart, paint);
      crosshair(chart, paint);
      clipped(chart, () => {
        for (const curve of paint.curves) dots(chart, paint, curve);
      });
      labels(chart, paint);
      context.restore();
    },
  };
}

function scaleOf(chart: Chart, id: "x" | "y") {
  const scale = chart.scales[id];
  if (scale === undefined) throw new Error(`the chart has no scale ${id}`);
  return scale;
}

function clipped(chart: Chart, draw: () => void): void {
  const { left, top, right, bottom } = chart.chartArea;
  chart.ctx.save();
  chart.ctx.beginPath();
  chart.ctx.rect(left - 4, top - 4, right - left + 8, bottom - top + 8);
  chart.ctx.clip();
  draw();
  chart.ctx.restore();
}

function dot(chart: Chart, point: Point, radius: number): void {
  const x = scaleOf(chart, "x").getPixelForValue(point.x);
  const y = scaleOf(chart, "y").getPixelForValue(point.y);
  chart.ctx.beginPath();
  chart.ctx.arc(x, y, radius, 0, 2 * Math.PI);
  chart.ctx.fill();
}

const MOST_MARKS = 200;

function dots(chart: Chart, paint: Paint, curve: PaintedCurve): void {
  const context = chart.ctx;
  context.fillStyle = recede(paint, curve);
  for (const point of curve.lone.slice(0, MOST_MARKS)) dot(chart, point, 2.5);
  context.strokeStyle = paint.palette.bad;
  context.lineWidth = 1.5;
  const y = chart.chartArea.bottom - 5;
  for (const at of curve.notNumbers.slice(0, MOST_MARKS)) {
    const x = scaleOf(chart, "x").getPixelForValue(at);
    context.beginPath();
    context.moveTo(x - 3, y - 3);
    context.lineTo(x + 3, y + 3);
    context.moveTo(x + 3, y - 3);
    context.lineTo(x - 3, y + 3);
    context.stroke();
  }
}

export function recede(
  { front, kept }: Pick<Paint, "front" | "kept">,
  { key, colour }: Pick<PaintedCurve, "key" | "colour">,
): string {
  const isNobody = front === null && kept.size === 0;
  return isNobody || front === key || kept.has(key) ? colour : withAlpha(colour, 0.25);
}

function labels(chart: Chart, paint: Paint): void {
  if (paint.labelWidthPx === 0) return;
  const { palette } = paint;
  const { right, top, bottom } = chart.chartArea;
  const context = chart.ctx;
  const height = palette.sizePx + 3;
  const ends = paint.curves.flatMap((curve) => {
    const point = curve.isNamed ? lastInView(chart, curve.line) : null;
    return point === null ? [] : [{ curve, point }];
  });
  const wanted = ends.map(({ point }) => scaleOf(chart, "y").getPixelForValue(point.y));
  const placed = spreadLabels(wanted, height, top, bottom);
  context.font = `${palette.sizePx}px ${palette.monospace}`;
  context.textBaseline = "middle";
  context.textAlign = "left";
  ends.forEach(({ curve, point }, index) => {
    const y = placed[index] ?? 0;
    const colour = recede(paint, curve);
    context.fillStyle = colour;
    dot(chart, point, 2);
    const endX = scaleOf(chart, "x").getPixelForValue(point.x);
    if (right - endX > 2 || Math.abs(y - (wanted[index] ?? y)) > 2) {
      context.strokeStyle = withAlpha(curve.colour, 0.4);
      context.lineWidth = 1;
      context.setLineDash([]);
      context.beginPath();
      // Short, so that it is not taken for data.
      context.moveTo(Math.max(endX + 3, right - MOST_LEADER), wanted[index] ?? y);
      context.lineTo(right + LABEL_GAP - 2, y);
      context.stroke();
    }
    context.fillStyle = palette.highContrast ? palette.foreground : colour;
    context.fillText(shortened(context, curve.label, paint.labelWidthPx), right + LABEL_GAP, y);
  });
}

function lastInView(chart: Chart, line: readonly Point[]): Point | null {
  const x = scaleOf(chart, "x");
  for (let index = line.length - 1; index >= 0; index--) {
    const point = line[index];
    if (point !== undefined && !Number.isNaN(point.y) && point.x <= x.max && point.x >= x.min) return point;
  }
  return null;
}

/** The text, or as much of its beginning as fits: the value is at its end and stays. */
function shortened(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  const space = text.lastIndexOf(" ");
  const value = text.slice(space);
  let name = text.slice(0, Math.max(0, space));
  while (name.length > 0 && context.measureText(`${name}…${value}`).width > width) name = name.slice(0, -1);
  return name === "" ? value.trim() : `${name}…${value}`;
}

function crosshair(chart: Chart, paint: Paint): void {
  if (paint.crosshair === null) return;
  const context = chart.ctx;
  const { left, right, top, bottom } = chart.chartArea;
  const x = scaleOf(chart, "x").getPixelForValue(paint.crosshair.x);
  if (x < left - 1 || x > right + 1) return;
  context.strokeStyle = paint.palette.quiet;
  context.lineWidth = 1;
  context.setLineDash([]);
  context.beginPath();
  context.moveTo(Math.round(x) + 0.5, top);
  context.lineTo(Math.round(x) + 0.5, bottom);
  context.stroke();
  clipped(chart, () => {
    for (const point of paint.crosshair?.points ?? []) {
      const curve = paint.curves.find((one) => one.key === point.key);
      if (curve === undefined || Number.isNaN(point.y)) continue;
      context.fillStyle = paint.palette.background;
      dot(chart, point, 4.5);
      context.fillStyle = recede(paint, curve);
      dot(chart, point, 3);
    }
  });
}

function selection(chart: Chart, paint: Paint): void {
  if (paint.selection === null) return;
  const { left, right, top, bottom } = chart.chartArea;
  const from = Math.max(left, Math.min(paint.selection.from, paint.selection.to));
  const to = Math.min(right, Math.max(paint.selection.from, paint.selection.to));
  chart.ctx.fillStyle = withAlpha(paint.palette.focus, 0.2);
  chart.ctx.fillRect(from, top, to - from, bottom - top);
}
