/** Parallel coordinates: a line for each trial over axes that can be brushed. Its twin is the table of trials below it. */
import type { Brush } from "../../contract/messages.ts";
import { button } from "../../ui/controls.ts";
import { h, setText } from "../../ui/dom.ts";
import { Announcer } from "../curves/announcer.ts";
import type { Palette } from "../curves/palette.ts";
import { Tooltip } from "../curves/tooltip.ts";
import { formatInteger, plural } from "../format.ts";
import { METRIC_AXIS, type Axis } from "./axes.ts";
import { AxisHandles } from "./axisHandles.ts";
import { brushOver, brushText } from "./brushes.ts";
import { Layers } from "./layers.ts";
import {
  axisAt,
  layoutParallel,
  leastWidth,
  lineAt,
  spanBetween,
  type ParallelContents,
  type ParallelLayout,
  type TrialLine,
} from "./parallelLayout.ts";
import { paintFront, paintParallel } from "./parallelPainter.ts";
import { factRow, parameterFacts, trialSentence } from "./trialWords.ts";

export interface ParallelOptions {
  onBrush: (axis: string, brush: Brush | null) => void;
  onClear: () => void;
  onSelect: (trialId: string) => void;
  /** The pointer is on a trial, which other pictures show too; null: on none. */
  onFront: (trialId: string | null) => void;
}
export interface ParallelViewContents extends ParallelContents {
  brushes: readonly Brush[];
  /** Trials that stay in front. */
  selected: ReadonlySet<string>;
}

const HEIGHT_PX = 276;
/** A shorter drag was a click. */
const SHORTEST_DRAG_PX = 4;

export class ParallelView {
  readonly element: HTMLElement;
  private readonly layers = new Layers(2);
  private readonly handles: AxisHandles;
  private readonly plot: HTMLElement;
  private readonly scroll: HTMLElement;
  private readonly note = h("span", { class: "chart-note" });
  private readonly clear: HTMLElement;
  private readonly summary: HTMLElement;
  private readonly tooltip = new Tooltip();
  private readonly announcer = new Announcer();
  private readonly options: ParallelOptions;
  private palette: Palette;
  private contents: ParallelViewContents | null = null;
  private layout: ParallelLayout | null = null;
  private front: string | null = null;
  private drag: { axis: Axis; fromY: number; hasMoved: boolean } | null = null;

  constructor(palette: Palette, options: ParallelOptions) {
    this.palette = palette;
    this.options = options;
    const id = `parallel-${Math.random().toString(36).slice(2)}`;
    this.summary = h("p", { id, class: "spoken" });
    this.clear = button({ label: "Clear Brushes", onPress: () => options.onClear() });
    this.handles = new AxisHandles({ onBrush: (axis, brush) => this.brush(axis, brush) });
    this.plot = h(
      "div",
      {
        class: "parallel-plot",
        tabindex: 0,
        role: "application",
        "aria-roledescription": "parallel coordinates",
        "aria-label": "Trials, from the best",
        "aria-describedby": id,
        "aria-keyshortcuts": "ArrowUp ArrowDown Home End Enter",
        on: {
          pointermove: (event) => this.onMove(event),
          pointerdown: (event) => this.onDown(event),
          pointerup: (event) => this.onUp(event),
          pointercancel: () => (this.drag = null),
          pointerleave: () => this.drag ?? this.pointAt(null),
          blur: () => this.pointAt(null),
          keydown: (event) => this.onKey(event),
        },
      },
      ...this.layers.canvases,
    );
    this.scroll = h("div", { class: "parallel-scroll" }, this.handles.element, this.plot);
    this.element = h(
      "section",
      { class: "parallel", "data-chart": "parallel", "aria-label": "Parallel coordinates" },
      h(
        "header",
        { class: "chart-head" },
        h("h3", { class: "chart-title" }, "parameters"),
        this.note,
        this.clear,
      ),
      this.scroll,
      this.summary,
      this.tooltip.element,
      this.announcer.element,
    );
    new ResizeObserver(() => this.draw()).observe(this.scroll);
  }

  set(contents: ParallelViewContents): void {
    this.contents = contents;
    const { rows, axes, brushes, isWithin } = contents;
    const within = rows.filter(isWithin).length;
    // Beside the scatter only where there is room for all axes.
    this.element.style.flexBasis = `${leastWidth(axes.length)}px`;
    this.clear.hidden = brushes.length === 0;
    setText(
      this.note,
      within === rows.length ? "" : `${formatInteger(within)} of ${plural(rows.length, "trial")}`,
    );
    const told = brushes.map((brush) => {
      const title = axes.find(({ id }) => id === brush.axis)?.title;
      return title === undefined ? "" : ` ${title} is brushed: ${brushText(brush)}.`;
    });
    setText(
      this.summary,
      `${formatInteger(within)} of ${plural(rows.length, "trial")} over ${axes.map(({ title }) => title).join(", ")}.${told.join("")} The table of trials has the same values.`,
    );
    this.draw();
  }

  /** The trial in front of the others; also from another picture. */
  setFront(trialId: string | null): void {
    if (this.front === trialId) return;
    this.front = trialId;
    this.paintFront();
  }

  themeChanged(palette: Palette): void {
    this.palette = palette;
    this.draw();
  }

  private draw(): void {
    const { contents, palette } = this;
    const windowPx = this.scroll.clientWidth;
    if (contents === null || windowPx === 0) return;
    this.layout = layoutParallel(contents, windowPx, HEIGHT_PX);
    const { layout } = this;
    this.layers.resize(layout.widthPx, layout.heightPx);
    this.plot.style.width = `${layout.widthPx}px`;
    this.handles.set(layout, contents.brushes);
    const context = this.layers.context(0);
    if (context !== null) paintParallel(context, { layout, palette, brushes: contents.brushes });
    this.paintFront();
  }

  private paintFront(): void {
    const { contents, layout, palette, front } = this;
    const context = this.layers.context(1);
    if (contents === null || layout === null || context === null) return;
    const trialIds = new Set([...contents.selected, ...(front === null ? [] : [front])]);
    this.plot.classList.toggle("is-receding", front !== null);
    paintFront(context, { layout, palette, brushes: contents.brushes }, trialIds);
  }

  private at(event: MouseEvent): { x: number; y: number } {
    const box = this.plot.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private onMove(event: PointerEvent): void {
    const { layout, drag } = this;
    if (layout === null) return;
    const { x, y } = this.at(event);
    if (drag !== null) {
      drag.hasMoved ||= Math.abs(y - drag.fromY) >= SHORTEST_DRAG_PX;
      if (!drag.hasMoved) return;
      const { span, missing } = spanBetween(layout, drag.fromY, y);
      this.brush(drag.axis, brushOver(drag.axis, span, missing));
      return;
    }
    this.plot.classList.toggle("is-on-axis", axisAt(layout, x) !== null);
    this.pointAt(lineAt(layout, x, y), { x: event.clientX, y: event.clientY });
  }

  private onDown(event: PointerEvent): void {
    const { layout } = this;
    const { x, y } = this.at(event);
    const placed = layout && axisAt(layout, x);
    if (event.button !== 0 || !placed) return;
    this.drag = { axis: placed.axis, fromY: y, hasMoved: false };
    this.plot.setPointerCapture(event.pointerId);
    this.pointAt(null);
  }

  private onUp(event: PointerEvent): void {
    const { drag, layout } = this;
    this.drag = null;
    if (drag !== null) {
      // A click on an axis takes its brush away.
      if (!drag.hasMoved) this.brush(drag.axis, null);
      return;
    }
    const { x, y } = this.at(event);
    const line = layout && lineAt(layout, x, y);
    if (line) this.options.onSelect(line.row.trial.id);
  }

  private brush(axis: Axis, brush: Brush | null): void {
    this.options.onBrush(axis.id, brush);
  }

  /** Up and down go through the trials within the brushes, from the best. */
  private onKey(event: KeyboardEvent): void {
    const { layout, front } = this;
    if (layout === null) return;
    if (event.key === "Escape") this.pointAt(null);
    else if (event.key === "Enter") {
      if (front !== null) this.options.onSelect(front);
    } else {
      const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[
        event.key
      ];
      if (by === undefined) return;
      const lines = layout.lines
        .filter(({ isWithin }) => isWithin)
        .sort((a, b) => (b.goodness ?? -1) - (a.goodness ?? -1));
      const at = lines.findIndex(({ row }) => row.trial.id === front);
      const to = lines[Math.min(lines.length - 1, Math.max(0, at + by))];
      this.pointAt(to ?? null);
      if (to !== undefined) this.announcer.say(this.sentence(to));
    }
    event.preventDefault();
  }

  private sentence({ row }: TrialLine): string {
    const facts = parameterFacts(row, this.parameterNames());
    return [trialSentence(row), ...facts.map(({ label, text }) => `${label} ${text}`)].join(", ");
  }
  private parameterNames(): string[] {
    return (this.contents?.axes ?? []).filter(({ id }) => id !== METRIC_AXIS).map(({ title }) => title);
  }

  /** @param at where the tooltip goes; else to the end of the line */
  private pointAt(line: TrialLine | null, at?: { x: number; y: number }): void {
    const trialId = line?.row.trial.id ?? null;
    if (this.front !== trialId) {
      this.setFront(trialId);
      this.options.onFront(trialId);
    }
    if (line === null || this.layout === null) {
      this.tooltip.hide();
      return;
    }
    const box = this.plot.getBoundingClientRect();
    const end = { x: box.left + (this.layout.axes.at(-1)?.x ?? 0), y: box.top + (line.ys.at(-1) ?? 0) };
    const rows = parameterFacts(line.row, this.parameterNames()).map(factRow);
    this.tooltip.show(trialSentence(line.row), rows, at ?? end);
  }
}
