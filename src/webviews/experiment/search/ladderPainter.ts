/** Paints the rungs of a bracket on a canvas: dots, cuts, the axis, and the way of the trial in front. */
import { formatTick, formatValue } from "../format.ts";
import { colourOfTrial } from "../curves/charts.ts";
import { withAlpha, type Palette } from "../curves/palette.ts";
import { linearTicks } from "../curves/scales.ts";
import { xOfValue, type LadderDot, type LadderLayout, type LadderRow } from "./ladderLayout.ts";

/** Room that a label of the axis takes, in pixels. */
const TICK_ROOM = 72;

export interface LadderPaint {
  layout: LadderLayout;
  cuts: readonly (number | null)[];
  widthPx: number;
  palette: Palette;
  /** Trials whose way is shown: the one under the pointer, the one that the panel shows. */
  front: ReadonlySet<string>;
}

export function paintLadder(context: CanvasRenderingContext2D, paint: LadderPaint): void {
  const { layout, widthPx, palette } = paint;
  context.clearRect(0, 0, widthPx, layout.height);
  context.font = `${palette.sizePx}px ${palette.monospace}`;
  layout.rows.forEach((row, index) => {
    // Where nobody has come there is nothing to measure.
    if (layout.dots.some(({ rung }) => rung === index)) axis(context, row, paint);
    cut(context, row, paint.cuts[index] ?? null, paint);
  });
  const isReceding = paint.front.size > 0;
  // The worst first, so that the best lie above.
  for (const dot of layout.dots.toReversed())
    if (!paint.front.has(dot.entry.trialId)) mark(context, dot, paint, isReceding ? 0.35 : 1);
  for (const trialId of paint.front) way(context, trialId, paint);
}

function axis(context: CanvasRenderingContext2D, row: LadderRow, { widthPx, palette }: LadderPaint): void {
  const y = Math.round(row.axisY) + 0.5;
  context.strokeStyle = palette.grid;
  context.lineWidth = 1;
  context.setLineDash([]);
  line(context, 0, y, widthPx, y);
  const ticks = linearTicks(row.range, Math.max(2, Math.min(6, Math.floor(widthPx / TICK_ROOM))));
  context.fillStyle = palette.quiet;
  context.textBaseline = "top";
  context.textAlign = "left";
  for (const value of ticks.values) {
    const x = xOfValue(value, widthPx, row.range);
    line(context, Math.round(x) + 0.5, y, Math.round(x) + 0.5, y + 3);
    const text = formatTick(value, ticks.step);
    const width = context.measureText(text).width;
    context.fillText(text, Math.min(widthPx - width, Math.max(0, x - width / 2)), y + 4);
  }
}

/** Dashed, with the value that is needed to go on. */
function cut(
  context: CanvasRenderingContext2D,
  { top, axisY, cutX }: LadderRow,
  value: number | null,
  { widthPx, palette }: LadderPaint,
): void {
  if (cutX === null || value === null) return;
  const x = Math.round(cutX) + 0.5;
  context.strokeStyle = palette.foreground;
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  line(context, x, top + 3, x, axisY);
  context.setLineDash([]);
  const text = `cut ${formatValue(value)}`;
  const width = context.measureText(text).width;
  context.fillStyle = palette.quiet;
  context.textBaseline = "top";
  context.textAlign = "left";
  context.fillText(text, x + 4 + width > widthPx ? x - 4 - width : x + 4, top + 3);
}

/** Filled: it went on, or came to the end. Hollow: it did not. A cross: it failed. */
function mark(context: CanvasRenderingContext2D, dot: LadderDot, paint: LadderPaint, alpha: number): void {
  const { entry, x, y } = dot;
  const { palette } = paint;
  const { radius } = paint.layout;
  const own = palette.series[colourOfTrial(entry.number)] ?? palette.foreground;
  const colour = withAlpha(entry.outcome === "failed" ? palette.bad : own, alpha);
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = 1.25;
  if (entry.outcome === "failed") {
    const arm = radius * 0.75;
    line(context, x - arm, y - arm, x + arm, y + arm);
    line(context, x + arm, y - arm, x - arm, y + arm);
    return;
  }
  context.beginPath();
  if (dot.isBeyond) {
    // Points away from the axis, where its value is.
    const tip = x < paint.widthPx / 2 ? -radius : radius;
    context.moveTo(x + tip, y);
    context.lineTo(x - tip, y - radius);
    context.lineTo(x - tip, y + radius);
    context.closePath();
  } else context.arc(x, y, radius - 0.75, 0, 2 * Math.PI);
  if (entry.outcome === "wentOn" || entry.outcome === "finished") context.fill();
  else {
    context.fillStyle = palette.background;
    context.fill();
  }
  context.stroke();
}

/** The trial's dots on all rungs, joined. */
function way(context: CanvasRenderingContext2D, trialId: string, paint: LadderPaint): void {
  const { layout, palette } = paint;
  const own = layout.dots.filter(({ entry }) => entry.trialId === trialId);
  const [first] = own;
  if (first === undefined) return;
  context.strokeStyle = palette.series[colourOfTrial(first.entry.number)] ?? palette.foreground;
  context.lineWidth = 1.5;
  context.beginPath();
  for (const { x, y } of own) context.lineTo(x, y);
  context.stroke();
  for (const dot of own) {
    mark(context, dot, paint, 1);
    context.strokeStyle = palette.foreground;
    context.lineWidth = 1;
    context.beginPath();
    context.arc(dot.x, dot.y, layout.radius + 2, 0, 2 * Math.PI);
    context.stroke();
  }
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}
