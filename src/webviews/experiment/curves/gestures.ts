/** Pointer, wheel and keys on a chart, as what they mean. */
import type { CurveChart } from "./curveChart.ts";

export interface Gestures {
  /** The pointer is at the reported point nearest to it. */
  point: (x: number, front: string | null, at: { x: number; y: number }) => void;
  leave: () => void;
  /** Move the crosshair by so many points. */
  step: (by: number) => void;
  select: (from: number, to: number) => void;
  zoom: (factor: number, x?: number) => void;
  reset: () => void;
}

const SHORTEST_DRAG_PX = 6;

export function listen(chart: CurveChart, gestures: Gestures): void {
  const { plot } = chart;
  let dragFrom: number | null = null;
  const pixel = (event: MouseEvent) => event.clientX - plot.getBoundingClientRect().left;

  plot.addEventListener("pointermove", (event) => {
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
    dragFrom = pixel(event);
    plot.setPointerCapture(event.pointerId);
  });
  const endDrag = (event: PointerEvent) => {
    const start = dragFrom;
    dragFrom = null;
    chart.markSelection(null);
    if (start === null || event.type === "pointercancel") return;
    const end = pixel(event);
    if (Math.abs(end - start) < SHORTEST_DRAG_PX) return;
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
      if (!event.ctrlKey && !event.metaKey) return;
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
      gestures.step(far);
      return true;
    case "ArrowLeft":
      gestures.step(-far);
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
