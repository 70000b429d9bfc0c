/** Paints the scatter: a dot for each trial, crosses for those that failed, lanes for those without a value. */
import { withAlpha, type Palette } from "../curves/palette.ts";
import type { Dot, ScatterLayout } from "./scatterLayout.ts";
import { shadeOf, shades } from "./valueColours.ts";

const MANY = 300;

export interface ScatterPaint {
  layout: ScatterLayout;
  palette: Palette;
  /** Trials that are ringed. */
  front: ReadonlySet<string>;
}

export function paintScatter(context: CanvasRenderingContext2D, paint: ScatterPaint): void {
  const { layout, palette, front } = paint;
  context.clearRect(0, 0, layout.widthPx, layout.heightPx);
  context.font = `${palette.sizePx}px ${palette.monospace}`;
  axes(context, paint);
  const radius = layout.dots.length > MANY ? 2.5 : 4;
  const colours = shades(palette);
  const colourOf = ({ isBroken, goodness }: Dot) =>
    isBroken
      ? palette.bad
      : goodness === null
        ? palette.quiet
        : (colours[shadeOf(goodness)] ?? palette.quiet);
  const faint = withAlpha(palette.foreground, 0.12);
  // The worst first, so that the best lie above.
  const ordered = layout.dots.toSorted(
    (a, b) => Number(a.isWithin) - Number(b.isWithin) || (a.goodness ?? -1) - (b.goodness ?? -1),
  );
  for (const dot of ordered) mark(context, dot, dot.isWithin ? colourOf(dot) : faint, radius);
  for (const dot of ordered) {
    if (!front.has(dot.row.trial.id)) continue;
    mark(context, dot, colourOf(dot), radius + 1);
    context.strokeStyle = palette.foreground;
    context.lineWidth = 1;
    context.beginPath();
    context.arc(dot.x, dot.y, radius + 3, 0, 2 * Math.PI);
    context.stroke();
  }
}

function mark(
  context: CanvasRenderingContext2D,
  { x, y, isBroken }: Dot,
  colour: string,
  radius: number,
): void {
  context.beginPath();
  if (isBroken) {
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.moveTo(x - radius, y - radius);
    context.lineTo(x + radius, y + radius);
    context.moveTo(x + radius, y - radius);
    context.lineTo(x - radius, y + radius);
    context.stroke();
    return;
  }
  context.fillStyle = colour;
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function axes(context: CanvasRenderingContext2D, { layout, palette }: ScatterPaint): void {
  const { box, laneX, laneY, xTicks, yTicks, heightPx } = layout;
  context.strokeStyle = palette.grid;
  context.lineWidth = 1;
  context.beginPath();
  for (const { y } of yTicks) line(context, box.left, Math.round(y) + 0.5, box.right, Math.round(y) + 0.5);
  const left = Math.round(box.left - 8) + 0.5;
  const below = Math.round(box.bottom + 6) + 0.5;
  if (laneX !== null) line(context, left, box.top, left, box.bottom);
  if (laneY !== null) line(context, box.left, below, box.right, below);
  context.stroke();
  context.fillStyle = palette.quiet;
  context.textBaseline = "middle";
  context.textAlign = "right";
  const labelsEnd = 48;
  for (const { text, y } of yTicks) context.fillText(text, labelsEnd, y, labelsEnd);
  if (laneY !== null) context.fillText("none", labelsEnd, laneY);
  context.textBaseline = "bottom";
  const room =
    xTicks.length > 1 ? Math.abs((xTicks[1]?.x ?? 0) - (xTicks[0]?.x ?? 0)) - 6 : box.right - box.left;
  for (const { text, x } of xTicks) {
    const shown = fitting(context, text, room);
    const half = context.measureText(shown).width / 2;
    context.textAlign = "left";
    const from = Math.min(layout.widthPx - 2 * half, Math.max(laneX === null ? 0 : laneX + 18, x - half));
    context.fillText(shown, from, heightPx - 2);
  }
  context.textAlign = "center";
  if (laneX !== null) context.fillText("none", laneX, heightPx - 2);
}

function fitting(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let letters = text.length - 1;
  while (letters > 1 && context.measureText(`${text.slice(0, letters)}…`).width > room) letters--;
  return `${text.slice(0, letters)}…`;
}

function line(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
}
