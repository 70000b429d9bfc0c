/** The names of the axes, by which the keyboard brushes: arrows move the ends of a brush, Escape clears it. */
import type { Brush } from "../../contract/messages.ts";
import { h, setText } from "../../ui/dom.ts";
import type { Axis } from "./axes.ts";
import { brushOver, brushText, movedBrush, spanOf, withBrush } from "./brushes.ts";
import type { ParallelLayout } from "./parallelLayout.ts";

export interface AxisHandlesOptions {
  onBrush: (axis: Axis, brush: Brush | null) => void;
}
/** Of the end of a name, which tells nested ones apart; about as many letters as lie between two axes. */
const PX_PER_LETTER = 7.5;

export class AxisHandles {
  readonly element = h("div", { class: "axis-handles", role: "group", "aria-label": "Brushes" });
  private readonly options: AxisHandlesOptions;
  private readonly handles = new Map<string, HTMLElement>();
  private axes: readonly Axis[] = [];
  private brushes: readonly Brush[] = [];

  constructor(options: AxisHandlesOptions) {
    this.options = options;
  }

  set({ axes, widthPx }: ParallelLayout, brushes: readonly Brush[]): void {
    this.axes = axes.map(({ axis }) => axis);
    this.brushes = brushes;
    this.element.style.width = `${widthPx}px`;
    for (const [id, handle] of this.handles)
      if (!this.axes.some((axis) => axis.id === id)) {
        handle.remove();
        this.handles.delete(id);
      }
    axes.forEach(({ axis, x }, index) => {
      const handle = this.handles.get(axis.id) ?? this.create(axis.id);
      if (this.element.children[index] !== handle)
        this.element.insertBefore(handle, this.element.children[index] ?? null);
      const room = (axes[index + 1]?.x ?? widthPx) - x - 8;
      const letters = Math.max(4, Math.floor(room / PX_PER_LETTER));
      setText(handle, axis.title.length > letters ? `…${axis.title.slice(1 - letters)}` : axis.title);
      handle.style.left = `${x - 4}px`;
      handle.style.maxWidth = `${room}px`;
      this.describe(handle, axis);
    });
  }

  private describe(handle: HTMLElement, axis: Axis): void {
    const brush = this.brushOf(axis);
    const span = brush === null ? { from: 0, to: 1 } : spanOf(axis, brush);
    const words = brush === null ? "all" : brushText(brush);
    handle.classList.toggle("is-brushed", brush !== null);
    handle.title = `${axis.title}: ${words}`;
    handle.setAttribute("aria-label", `Brush of ${axis.title}`);
    handle.setAttribute("aria-valuenow", String(Math.round(100 * (span?.to ?? 0))));
    handle.setAttribute("aria-valuetext", words);
  }

  private create(id: string): HTMLElement {
    const handle = h("div", {
      class: "axis-handle",
      role: "slider",
      tabindex: 0,
      "aria-orientation": "vertical",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-keyshortcuts": "ArrowUp ArrowDown Shift+ArrowUp Shift+ArrowDown M Escape",
      on: { keydown: (event) => this.onKey(event, id) },
    });
    this.handles.set(id, handle);
    return handle;
  }

  private onKey(event: KeyboardEvent, id: string): void {
    const axis = this.axes.find((one) => one.id === id);
    if (axis === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const brush = this.brushOf(axis);
    const end = event.shiftKey ? "from" : "to";
    if (event.key === "ArrowUp") this.brush(axis, movedBrush(axis, brush, end, 1));
    else if (event.key === "ArrowDown") this.brush(axis, movedBrush(axis, brush, end, -1));
    else if (event.key === "Escape") this.brush(axis, null);
    else if (event.key.toLowerCase() === "m") this.brush(axis, brushOver(axis, null, true));
    else return;
    event.preventDefault();
  }

  /** The next key may come before the next picture. */
  private brush(axis: Axis, brush: Brush | null): void {
    this.brushes = withBrush(this.brushes, axis.id, brush);
    this.options.onBrush(axis, brush);
  }

  private brushOf({ id }: Axis): Brush | null {
    return this.brushes.find((brush) => brush.axis === id) ?? null;
  }
}
