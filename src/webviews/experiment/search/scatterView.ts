/** The metric against one hyperparameter, with the same brushes and the same trial in front as parallel coordinates. */
import { select, type Select } from "../../ui/controls.ts";
import { h, setText } from "../../ui/dom.ts";
import { Announcer } from "../curves/announcer.ts";
import type { Palette } from "../curves/palette.ts";
import { Tooltip } from "../curves/tooltip.ts";
import { plural } from "../format.ts";
import { Layers } from "./layers.ts";
import {
  layoutScatter,
  nearestDot,
  type Dot,
  type ScatterContents,
  type ScatterLayout,
} from "./scatterLayout.ts";
import { paintScatter } from "./scatterPainter.ts";
import { factRow, parameterFacts, trialSentence } from "./trialWords.ts";

export interface ScatterOptions {
  onX: (parameter: string) => void;
  onSelect: (trialId: string) => void;
  onFront: (trialId: string | null) => void;
}
export interface ScatterViewContents extends ScatterContents {
  /** What x can be. */
  parameters: readonly string[];
  selected: ReadonlySet<string>;
}

const HEIGHT_PX = 276;

export class ScatterView {
  readonly element: HTMLElement;
  private readonly layers = new Layers(1);
  private readonly plot: HTMLElement;
  private readonly title = h("h3", { class: "chart-title" });
  private readonly x: Select<string>;
  private readonly summary: HTMLElement;
  private readonly tooltip = new Tooltip();
  private readonly announcer = new Announcer();
  private readonly options: ScatterOptions;
  private palette: Palette;
  private contents: ScatterViewContents | null = null;
  private layout: ScatterLayout | null = null;
  private front: string | null = null;

  constructor(palette: Palette, options: ScatterOptions) {
    this.palette = palette;
    this.options = options;
    const id = `scatter-${Math.random().toString(36).slice(2)}`;
    this.summary = h("p", { id, class: "spoken" });
    this.x = select({ label: "x", visibleLabel: true, options: [], value: "", onChange: options.onX });
    this.plot = h(
      "div",
      {
        class: "scatter-plot",
        tabindex: 0,
        role: "application",
        "aria-roledescription": "scatter",
        "aria-describedby": id,
        "aria-keyshortcuts": "ArrowLeft ArrowRight Home End Enter",
        on: {
          pointermove: (event) => this.pointAt(this.dotAt(event)),
          pointerleave: () => this.pointAt(null),
          blur: () => this.pointAt(null),
          click: (event) => this.select(this.dotAt(event)?.row.trial.id ?? null),
          keydown: (event) => this.onKey(event),
        },
      },
      ...this.layers.canvases,
    );
    this.element = h(
      "section",
      { class: "scatter", "data-chart": "scatter" },
      h("header", { class: "chart-head" }, this.title, h("span", { class: "chart-note" }), this.x.element),
      this.plot,
      this.summary,
      this.tooltip.element,
      this.announcer.element,
    );
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  set(contents: ScatterViewContents): void {
    this.contents = contents;
    const { x, y, parameters, rows, isWithin } = contents;
    this.x.setOptions(parameters.map((name) => ({ value: name, label: name })));
    this.x.set(x.title);
    const title = `${y.title} against ${x.title}`;
    setText(this.title, title);
    this.title.title = title;
    this.element.setAttribute("aria-label", title);
    this.plot.setAttribute("aria-label", title);
    setText(
      this.summary,
      `${plural(rows.filter(isWithin).length, "trial")}. The table of trials has the same values.`,
    );
    this.draw();
  }

  /** The trial in front of the others; also from another picture. */
  setFront(trialId: string | null): void {
    if (this.front === trialId) return;
    this.front = trialId;
    this.paint();
  }

  themeChanged(palette: Palette): void {
    this.palette = palette;
    this.draw();
  }

  private draw(): void {
    const widthPx = this.plot.clientWidth;
    if (this.contents === null || widthPx === 0) return;
    this.layout = layoutScatter(this.contents, widthPx, HEIGHT_PX);
    this.layers.resize(widthPx, HEIGHT_PX);
    this.paint();
  }

  private paint(): void {
    const { contents, layout, palette, front } = this;
    const context = this.layers.context(0);
    if (contents === null || layout === null || context === null) return;
    const ringed = new Set([...contents.selected, ...(front === null ? [] : [front])]);
    paintScatter(context, { layout, palette, front: ringed });
  }

  private dotAt(event: MouseEvent): Dot | null {
    const box = this.plot.getBoundingClientRect();
    return this.layout && nearestDot(this.layout, event.clientX - box.left, event.clientY - box.top);
  }

  private select(trialId: string | null): void {
    if (trialId !== null) this.options.onSelect(trialId);
  }

  private onKey(event: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Enter") this.select(this.front);
    else if (event.key === "Escape") this.pointAt(null);
    else if (by !== undefined) {
      const dots = (this.layout?.dots ?? []).filter(({ isWithin }) => isWithin).sort((a, b) => a.x - b.x);
      const at = dots.findIndex(({ row }) => row.trial.id === this.front);
      const to = dots[Math.min(dots.length - 1, Math.max(0, at + by))];
      this.pointAt(to ?? null);
      if (to !== undefined) this.announcer.say(this.facts(to).join(", "));
    } else return;
    event.preventDefault();
  }

  private facts({ row }: Dot): string[] {
    const facts = parameterFacts(row, [this.contents?.x.title ?? ""]);
    return [trialSentence(row), ...facts.map(({ label, text }) => `${label} ${text}`)];
  }

  private pointAt(dot: Dot | null): void {
    const trialId = dot?.row.trial.id ?? null;
    if (this.front !== trialId) {
      this.setFront(trialId);
      this.options.onFront(trialId);
    }
    if (dot === null) {
      this.tooltip.hide();
      return;
    }
    const box = this.plot.getBoundingClientRect();
    const rows = parameterFacts(dot.row, [this.contents?.x.title ?? ""]).map(factRow);
    this.tooltip.show(trialSentence(dot.row), rows, { x: box.left + dot.x, y: box.top + dot.y });
  }
}
