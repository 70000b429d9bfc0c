/**
 * Many curves as a faint crowd: painted once into a picture of its own, a little at a time so that no frame waits for it, and
 * moved or stretched while the axes move; what it should look like then is painted when there is time.
 */
import { countingContext, tone, weightOf, type Tones } from "./crowdTone.ts";
import { indexFrom, type Point } from "./transform.ts";

export interface CrowdLine {
  line: readonly Point[];
  superseded: readonly Point[];
}
export interface CrowdStyle {
  colour: string;
  width: number;
  tones: Tones;
}
export const NO_STYLE: CrowdStyle = { colour: "", width: 1, tones: { single: 1, full: 1 } };
/** What a plot shows: ranges of its axes, and its place in pixels. */
export interface CrowdView {
  x: { min: number; max: number };
  y: { min: number; max: number };
  logX: boolean;
  logY: boolean;
  left: number;
  top: number;
  width: number;
  height: number;
  /** Device pixels for each. */
  density: number;
}
interface Picture {
  canvas: HTMLCanvasElement;
  /** How many lines each pixel has, as its alpha; null once all are painted. */
  counted: HTMLCanvasElement | null;
  /** In the axes' own units, or their logarithms. */
  x: [number, number];
  y: [number, number];
  view: CrowdView;
  lines: readonly CrowdLine[];
  style: CrowdStyle;
  /** Lines that are painted, and what that took. */
  done: number;
  tookMs: number;
  /** When its colours were made last. */
  tonedAt: number;
}

const SLICE_MS = 6;
/** The first picture is waited for. */
const FIRST_SLICE_MS = 60;
/** To colour a picture that is still painted costs as much as some slices. */
const TONE_MS = 150;
/** New points alone are painted so often at most; where painting is quick, after so many times what it took. */
const REPAINT_MS = 400;
const REST = 5;
/** So much of the width is painted beyond both edges of a zoomed plot. */
const MARGIN = 1;

export class CrowdLayer {
  private lines: readonly CrowdLine[] = [];
  private style = NO_STYLE;
  private shown: Picture | null = null;
  private next: Picture | null = null;
  private frame = 0;
  private paintedAt = -Infinity;
  /** What painting the one that is shown took. */
  private tookMs = 0;
  private readonly onPainted: () => void;

  /** @param onPainted the plot is to be drawn again */
  constructor(onPainted: () => void) {
    this.onPainted = onPainted;
  }

  set(lines: readonly CrowdLine[], style: CrowdStyle): void {
    const isSame =
      lines.length === this.lines.length &&
      lines.every(({ line, superseded }, at) => {
        const before = this.lines[at];
        return before?.line === line && before.superseded === superseded;
      });
    if (!isSame) this.lines = lines;
    if (JSON.stringify(style) !== JSON.stringify(this.style)) this.style = style;
  }

  /** Draws what there is of it. @param isZoomed there is more beyond the edges */
  draw(context: CanvasRenderingContext2D, view: CrowdView, isZoomed: boolean): void {
    if (this.lines.length === 0 || view.width < 1 || view.height < 1) {
      this.clear();
      return;
    }
    const wanted = rangesOf(view);
    const isRight = this.shown !== null && fits(this.shown, view, wanted) && this.isCurrent(this.shown);
    if (!isRight && this.next !== null && !fits(this.next, view, wanted)) this.next = null;
    if (!isRight && this.next === null) this.begin(view, wanted, isZoomed);
    const picture = this.shown ?? this.next;
    if (picture !== null && sameAxes(picture.view, view)) blit(context, picture, view, wanted);
  }

  clear(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.shown = this.next = null;
  }

  private isCurrent({ lines, style }: Picture): boolean {
    return lines === this.lines && style === this.style;
  }

  private begin(view: CrowdView, wanted: Ranges, isZoomed: boolean): void {
    const margin = isZoomed ? (wanted.x[1] - wanted.x[0]) * MARGIN : 0;
    const width = Math.ceil(view.width * view.density * (isZoomed ? 1 + 2 * MARGIN : 1));
    const height = Math.ceil(view.height * view.density);
    const [canvas, counted] = [canvasOf(width, height), canvasOf(width, height)];
    const x: [number, number] = [wanted.x[0] - margin, wanted.x[1] + margin];
    this.next = {
      canvas,
      counted,
      x,
      y: wanted.y,
      view,
      lines: this.lines,
      style: this.style,
      done: 0,
      tookMs: 0,
      tonedAt: -Infinity,
    };
    if (this.shown === null) this.paint(FIRST_SLICE_MS);
    this.schedule();
  }

  private schedule(): void {
    if (this.frame !== 0 || this.next === null) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.next === null) return;
      const isFirst = this.shown === null;
      const isNewer = !isFirst && this.next.done === 0 && sameView(this.shown, this.next);
      if (isNewer && performance.now() - this.paintedAt < Math.min(REPAINT_MS, REST * this.tookMs))
        return this.schedule();
      this.paint(SLICE_MS);
      if (isFirst || this.next === null) this.onPainted();
      this.schedule();
    });
  }

  private paint(budgetMs: number): void {
    const { next } = this;
    const context = next?.counted ? countingContext(next.counted) : null;
    if (!next?.counted || !context) return;
    const { lines, style, counted } = next;
    const startedAt = performance.now();
    const until = startedAt + budgetMs;
    const weight = weightOf(lines.length);
    context.lineWidth = style.width * next.view.density;
    context.lineJoin = "round";
    while (next.done < lines.length) {
      const one = lines[next.done++];
      if (one === undefined) continue;
      stroke(context, next, one.superseded, false, weight / 2);
      stroke(context, next, one.line, true, weight);
      if (performance.now() > until) break;
    }
    const isDone = next.done >= lines.length;
    // One that replaces another is not seen before it is done; the first is, a few times while it grows.
    const isSeen = this.shown === null && startedAt - next.tonedAt > TONE_MS;
    if (isDone || isSeen) {
      tone(counted, next.canvas, weight, style.colour, style.tones);
      next.tonedAt = startedAt;
    }
    next.tookMs += performance.now() - startedAt;
    if (!isDone) return;
    next.counted = null;
    this.tookMs = next.tookMs;
    this.shown = next;
    this.next = null;
    this.paintedAt = performance.now();
  }
}

function canvasOf(width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

type Ranges = Pick<Picture, "x" | "y">;

function rangesOf({ x, y, logX, logY }: CrowdView): Ranges {
  const scaled = (value: number, isLog: boolean) => (isLog ? Math.log10(value) : value);
  return {
    x: [scaled(x.min, logX), scaled(x.max, logX)],
    y: [scaled(y.min, logY), scaled(y.max, logY)],
  };
}

function sameAxes(a: CrowdView, b: CrowdView): boolean {
  return a.logX === b.logX && a.logY === b.logY;
}

function sameView(a: Picture | null, b: Picture): boolean {
  return (
    a !== null && sameAxes(a.view, b.view) && a.x[0] === b.x[0] && a.x[1] === b.x[1] && a.y[1] === b.y[1]
  );
}

/** Whether the view is a part of the picture as it is, not stretched. */
function fits(picture: Picture, view: CrowdView, wanted: Ranges): boolean {
  const { x, y, canvas } = picture;
  if (!sameAxes(picture.view, view) || picture.view.density !== view.density) return false;
  if (Math.abs(picture.view.height - view.height) > 0.5 || y[0] !== wanted.y[0] || y[1] !== wanted.y[1])
    return false;
  const perPixel = (x[1] - x[0]) / canvas.width;
  const wantedPerPixel = (wanted.x[1] - wanted.x[0]) / (view.width * view.density);
  const slack = wantedPerPixel * 2;
  return (
    Math.abs(perPixel / wantedPerPixel - 1) < 0.005 &&
    x[0] <= wanted.x[0] + slack &&
    x[1] >= wanted.x[1] - slack
  );
}

function blit(
  context: CanvasRenderingContext2D,
  { canvas, x, y }: Picture,
  view: CrowdView,
  wanted: Ranges,
): void {
  const perX = canvas.width / (x[1] - x[0]);
  const perY = canvas.height / (y[1] - y[0]);
  context.drawImage(
    canvas,
    (wanted.x[0] - x[0]) * perX,
    (y[1] - wanted.y[1]) * perY,
    (wanted.x[1] - wanted.x[0]) * perX,
    (wanted.y[1] - wanted.y[0]) * perY,
    view.left,
    view.top,
    view.width,
    view.height,
  );
}

/** @param isSorted by x; a superseded line begins anew where it goes back, so all of it is painted */
function stroke(
  context: CanvasRenderingContext2D,
  picture: Picture,
  points: readonly Point[],
  isSorted: boolean,
  weight: number,
): void {
  if (points.length === 0) return;
  const { canvas, x, y, view } = picture;
  const perX = canvas.width / (x[1] - x[0]);
  const perY = canvas.height / (y[1] - y[0]);
  const first = isSorted ? Math.max(0, indexFrom(points, view.logX ? 10 ** x[0] : x[0]) - 1) : 0;
  const end = isSorted ? indexFrom(points, view.logX ? 10 ** x[1] : x[1]) + 1 : points.length;
  context.strokeStyle = `rgb(0 0 0 / ${weight / 255})`;
  context.beginPath();
  let isOpen = false;
  for (let at = first; at < end && at < points.length; at++) {
    const point = points[at];
    if (point === undefined || Number.isNaN(point.y)) {
      isOpen = false;
      continue;
    }
    const px = ((view.logX ? Math.log10(point.x) : point.x) - x[0]) * perX;
    const py = (y[1] - (view.logY ? Math.log10(point.y) : point.y)) * perY;
    if (isOpen) context.lineTo(px, py);
    else context.moveTo(px, py);
    isOpen = true;
  }
  context.stroke();
}
