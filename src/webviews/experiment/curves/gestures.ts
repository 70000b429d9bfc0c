/** Pointer, wheel and keys on a chart, as what they mean. */
import type { CurveChart } from "./curveChart.ts";

export interface Gestures {
  /** The pointer is at the reported point nearest to it. */
  point: (x: number, front: string | null, at: { x: number; y: number }) => void;
  leave: () => void;
  /** Move the crosshair by so many points. */
  step: (by: number) => void;
  /** Show from here to there. */
  select: (from: number, to: number) => void;
  /** Single out the curve that is in front, or let it go. */
  choose: () => void;
  /** Put the next curve above (1) or below (-1) in front. */
  next: (by: 1 | -1) => void;
  /** Move what is shown by this share of its width. */
  pan: (share: number) => void;
  zoom: (factor: number, x?: number) => void;
  reset: () => void;
}

const SHORTEST_DRAG_PX = 6;

export function listen(chart: CurveChart, gestures: Gestures): void {
  const { plot } = chart;
  let dragFrom: number | null = null;
  /** Where the pointer was when it last moved the axis (with Shift). */
  let panFrom: number | null = null;
  const pixel = (event: MouseEvent) => event.clientX - plot.getBoundingClientRect().left;

  plot.addEventListener("pointermove", (event) => {
    if (panFrom !== null) {
      gestures.pan(chart.shareOf(panFrom - pixel(event)));
      panFrom = pixel(event);
      return;
    }
    if (dragFrom !== null) {
      gestures.leave();
      chart.markSelection({ from: dragFrom, to: pixel(event) });
      return;
    }
    const x = chart.xAt(pixel(event));
    if (x === null) return;
    const front = chart.frontAt(x, event.clientY - plot.getBoundingClientRect().top);
    gestures.point(x, front, { x: event.clientX, y: event.clientY });
  });
  plot.addEventListener("pointerleave", () => {
    if (dragFrom === null) gestures.leave();
  });
  plot.addEventListener("blur", () => gestures.leave());
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (event.shiftKey) {
      gestures.leave();
      panFrom = pixel(event);
    } else dragFrom = pixel(event);
    plot.setPointerCapture(event.pointerId);
  });
  const endDrag = (event: PointerEvent) => {
    const start = dragFrom;
    dragFrom = panFrom = null;
    chart.markSelection(null);
    if (start === null || event.type === "pointercancel") return;
    const end = pixel(event);
    if (Math.abs(end - start) < SHORTEST_DRAG_PX) return gestures.choose();
    const from = chart.exactXAt(Math.min(start, end));
    const to = chart.exactXAt(Math.max(start, end));
    const range = chart.range;
    if (from === null || to === null || range === null) return;
    gestures.select(Math.max(from, range.min), Math.min(to, range.max));
  };
  plot.addEventListener("pointerup", endDrag);
  plot.addEventListener("pointercancel", endDrag);
  plot.addEventListener("dblclick", () => gestures.reset());
  // A plain wheel scrolls the page; with Ctrl, which is also what a pinch sends, it zooms.
  plot.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) {
        const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
        if (!chart.isZoomed || Math.abs(sideways) <= (event.shiftKey ? 0 : Math.abs(event.deltaY))) return;
        event.preventDefault();
        gestures.pan(chart.shareOf(sideways));
        return;
      }
      event.preventDefault();
      gestures.zoom(event.deltaY > 0 ? 1.25 : 0.8, chart.exactXAt(pixel(event)) ?? undefined);
    },
    { passive: false },
  );
  plot.addEventListener("keydown", (event) => {
    if (onKey(event, gestures)) event.preventDefault();
  });
}

function onKey(event: KeyboardEvent, gestures: Gestures): boolean {
  const far = event.shiftKey ? 10 : 1;
  switch (event.key) {
    case "ArrowRight":
      if (event.ctrlKey || event.metaKey) gestures.pan(0.2);
      else gestures.step(far);
      return true;
    case "ArrowLeft":
      if (event.ctrlKey || event.metaKey) gestures.pan(-0.2);
      else gestures.step(-far);
      return true;
    case "ArrowUp":
      gestures.next(1);
      return true;
    case "ArrowDown":
      gestures.next(-1);
      return true;
    case "Enter":
    case " ":
      gestures.choose();
      return true;
    case "Home":
      gestures.step(-Infinity);
      return true;
    case "End":
      gestures.step(Infinity);
      return true;
    case "+":
      gestures.zoom(0.5);
      return true;
    case "-":
      gestures.zoom(2);
      return true;
    case "0":
    case "Escape":
      gestures.reset();
      return true;
    default:
      return false;
  }
}
