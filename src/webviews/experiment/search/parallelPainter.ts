/** Paints parallel coordinates: all lines on one canvas, those in front on another above it. */
import type { Brush } from "../../contract/messages.ts";
import { withAlpha, type Palette } from "../curves/palette.ts";
import { METRIC_AXIS } from "./axes.ts";
import { spanOf } from "./brushes.ts";
import { heightOf, type ParallelLayout, type PlacedAxis, type TrialLine } from "./parallelLayout.ts";
import { SHADES, shadeOf, shades } from "./valueColours.ts";

const BROKEN_DASH = [3, 3];
const CROSS_PX = 3.5;
const HALO_PX = 3;
/** With more lines than this each lets others through. */
const MANY = 100;
const LEAST_ALPHA = 0.3;
const BRUSH_PX = 6;

export interface ParallelPaint {
  layout: ParallelLayout;
  palette: Palette;
  brushes: readonly Brush[];
}

export function paintParallel(context: CanvasRenderingContext2D, paint: ParallelPaint): void {
  const { layout, palette } = paint;
  context.clearRect(0, 0, layout.widthPx, layout.heightPx);
  context.font = `${palette.sizePx}px ${palette.monospace}`;
  lane(context, paint);
  const { lines } = layout;
  const strong = palette.highContrast ? 1.5 : 1;
  const alpha = Math.max(LEAST_ALPHA, 0.85 * Math.min(1, Math.sqrt(MANY / Math.max(1, lines.length))));
  stroke(context, layout, lines.filter(outside), withAlpha(palette.foreground, 0.07), strong);
  const within = lines.filter(({ isWithin }) => isWithin);
  const broken = withAlpha(palette.bad, palette.highContrast ? 1 : alpha);
  context.setLineDash(BROKEN_DASH);
  stroke(context, layout, within.filter(isBroken), broken, strong);
  context.setLineDash([]);
  const sound = within.filter((line) => !line.isBroken);
  const noValue = sound.filter(({ goodness }) => goodness === null);
  stroke(context, layout, noValue, withAlpha(palette.quiet, alpha), strong);
  // The worst first, so that the best lie above.
  shades(palette).forEach((colour, shade) => {
    const ofShade = sound.filter(({ goodness }) => goodness !== null && shadeOf(goodness) === shade);
    // Of many the worse ones let the better ones through.
    const share = lines.length > MANY ? 0.3 + (0.7 * shade) / (SHADES - 1) : 1;
    stroke(context, layout, ofShade, withAlpha(colour, alpha * share), strong);
  });
  for (const line of within.filter(isBroken)) cross(context, layout, line, palette.bad);
  for (const axis of layout.axes) paintAxis(context, axis, paint);
}

/** Above all others, wide and whole. */
export function paintFront(
  context: CanvasRenderingContext2D,
  { layout, palette }: ParallelPaint,
  trialIds: ReadonlySet<string>,
): void {
  context.clearRect(0, 0, layout.widthPx, layout.heightPx);
  const colours = shades(palette);
  for (const line of layout.lines) {
    if (!trialIds.has(line.row.trial.id)) continue;
    const own =
      line.goodness === null ? palette.quiet : (colours[shadeOf(line.goodness)] ?? palette.foreground);
    stroke(context, layout, [line], palette.background, 5);
    context.setLineDash(line.isBroken ? BROKEN_DASH : []);
    stroke(context, layout, [line], line.isBroken ? palette.bad : own, 2.5);
    context.setLineDash([]);
    context.fillStyle = palette.foreground;
    for (const [index, y] of line.ys.entries()) dot(context, layout.axes[index]?.x ?? 0, y);
  }
}

function outside({ isWithin }: TrialLine): boolean {
  return !isWithin;
}
function isBroken(line: TrialLine): boolean {
  return line.isBroken;
}

function stroke(
  context: CanvasRenderingContext2D,
  { axes }: ParallelLayout,
  lines: readonly TrialLine[],
  colour: string,
  width: number,
): void {
  if (lines.length === 0) return;
  context.strokeStyle = colour;
  context.lineWidth = width;
  // One path for each line: where lines of one path cross, they would not darken each other.
  for (const { ys } of lines) {
    context.beginPath();
    ys.forEach((y, index) => context.lineTo(axes[index]?.x ?? 0, y));
    context.stroke();
  }
}

function cross(
  context: CanvasRenderingContext2D,
  { axes }: ParallelLayout,
  { ys }: TrialLine,
  colour: string,
): void {
  const x = axes.at(-1)?.x ?? 0;
  const y = ys.at(-1) ?? 0;
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(x - CROSS_PX, y - CROSS_PX);
  context.lineTo(x + CROSS_PX, y + CROSS_PX);
  context.moveTo(x + CROSS_PX, y - CROSS_PX);
  context.lineTo(x - CROSS_PX, y + CROSS_PX);
  context.stroke();
}

function dot(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.beginPath();
  context.arc(x, y, 2.5, 0, 2 * Math.PI);
  context.fill();
}

function paintAxis(
  context: CanvasRenderingContext2D,
  { axis, x, ticks }: PlacedAxis,
  { layout, palette, brushes }: ParallelPaint,
): void {
  const middle = Math.round(x) + 0.5;
  context.strokeStyle = withAlpha(palette.foreground, palette.highContrast ? 1 : 0.55);
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(middle, layout.top);
  context.lineTo(middle, layout.bottom);
  context.stroke();
  if (axis.id === METRIC_AXIS) legend(context, middle, layout, palette);
  const brush = brushes.find((one) => one.axis === axis.id);
  const span = brush === undefined ? null : spanOf(axis, brush);
  context.fillStyle = withAlpha(palette.focus, 0.35);
  context.strokeStyle = palette.focus;
  const mark = (from: number, to: number) => {
    context.fillRect(middle - BRUSH_PX, from, 2 * BRUSH_PX, to - from);
    context.strokeRect(middle - BRUSH_PX, from, 2 * BRUSH_PX, to - from);
  };
  if (span !== null) mark(heightOf(layout, span.to), heightOf(layout, span.from));
  if (brush?.missing === true && layout.laneY !== null) mark(layout.laneY - 6, layout.laneY + 6);
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const { text, y } of ticks) label(context, text, middle + 5, y, palette);
}

/** The axis of the metric says what the colours mean. */
function legend(
  context: CanvasRenderingContext2D,
  x: number,
  layout: ParallelLayout,
  palette: Palette,
): void {
  const colours = shades(palette);
  context.lineWidth = 4;
  colours.forEach((colour, index) => {
    const place = (shade: number) => shade / colours.length;
    const [from, to] = layout.smallerIsBetter
      ? [1 - place(index), 1 - place(index + 1)]
      : [place(index), place(index + 1)];
    context.strokeStyle = colour;
    context.beginPath();
    context.moveTo(x, heightOf(layout, from));
    context.lineTo(x, heightOf(layout, to));
    context.stroke();
  });
  context.lineWidth = 1;
}

function lane(context: CanvasRenderingContext2D, { layout, palette }: ParallelPaint): void {
  const { laneY, axes } = layout;
  if (laneY === null) return;
  context.strokeStyle = palette.grid;
  context.lineWidth = 1;
  context.beginPath();
  for (const { x } of axes) {
    context.moveTo(Math.round(x) + 0.5, laneY - 5);
    context.lineTo(Math.round(x) + 0.5, laneY + 5);
  }
  context.moveTo(axes[0]?.x ?? 0, laneY - 16.5);
  context.lineTo(axes.at(-1)?.x ?? 0, laneY - 16.5);
  context.stroke();
  context.textAlign = "left";
  context.textBaseline = "middle";
  label(context, "no value", (axes.at(-1)?.x ?? 0) + 9, laneY, palette);
}

/** Readable also where lines cross it. */
function label(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  palette: Palette,
): void {
  const shown = text.length > 12 ? `${text.slice(0, 11)}…` : text;
  context.strokeStyle = withAlpha(palette.background, 0.85);
  context.lineWidth = HALO_PX;
  context.lineJoin = "round";
  context.strokeText(shown, x, y);
  context.fillStyle = palette.quiet;
  context.fillText(shown, x, y);
}
