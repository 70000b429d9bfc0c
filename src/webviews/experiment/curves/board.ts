/**
 * Charts below one another. Draws only what is in view, at most once a frame; crosshair, zoom and tooltip are shared.
 */
import { h } from "../../ui/dom.ts";
import { Announcer } from "./announcer.ts";
import type { ChartSpec, CurveSpec } from "./charts.ts";
import type { ChartSettings } from "./chartCurve.ts";
import { CurveChart } from "./curveChart.ts";
import { listen } from "./gestures.ts";
import { readPalette, type Palette } from "./palette.ts";
import { formatX } from "./readings.ts";
import { SeriesLoader, type ReadSeries } from "./seriesLoader.ts";
import { Tooltip } from "./tooltip.ts";
import type { XRange } from "./xRange.ts";

export interface BoardOptions {
  read: ReadSeries;
  isConnected: () => boolean;
  onError: (error: unknown) => void;
  onZoom: (zoom: { from: number; to: number } | null) => void;
  /** A person singles out a trial, or lets it go. Undefined: that means nothing here. */
  onChoose?: (trialId: string) => void;
}
/** A chart that has been out of sight for so long is not about to be looked at. */
const RELEASE_MS = 4000;
/** New charts at the top are taken for visible until it is known. */
const FIRST_IN_VIEW = 2;

interface Crosshair {
  chart: CurveChart;
  x: number;
  front: string | null;
}

export class ChartBoard {
  readonly element: HTMLElement;
  private readonly grid = h("div", { class: "charts" });
  private readonly charts = new Map<string, CurveChart>();
  private readonly visible = new Set<CurveChart>();
  private readonly dirty = new Set<CurveChart>();
  private readonly loader: SeriesLoader;
  private readonly tooltip = new Tooltip();
  private readonly announcer = new Announcer();
  private readonly observer: IntersectionObserver;
  private readonly options: BoardOptions;
  private palette: Palette | null = null;
  private settings: ChartSettings | null = null;
  private crosshair: Crosshair | null = null;
  private frame = 0;
  private releasing: ReturnType<typeof setTimeout> | null = null;

  constructor(options: BoardOptions) {
    this.options = options;
    this.element = h("div", { class: "board" }, this.grid, this.tooltip.element, this.announcer.element);
    this.loader = new SeriesLoader(options.read, {
      isConnected: options.isConnected,
      onPoints: (keys) => {
        for (const chart of this.visible)
          if (chart.spec.curves.some(({ key }) => keys.has(key))) this.invalidate(chart);
      },
      onError: options.onError,
    });
    this.observer = new IntersectionObserver((entries) => this.onVisibility(entries), {
      rootMargin: "160px",
    });
    new ResizeObserver(() => this.invalidateAll()).observe(this.grid);
  }

  /** Shows these charts in this order. Charts that were there stay as they are. */
  update(specs: readonly ChartSpec[], settings: ChartSettings): void {
    const isOther = JSON.stringify(settings) !== JSON.stringify(this.settings);
    this.settings = settings;
    const ids = new Set(specs.map((spec) => spec.id));
    for (const [id, chart] of this.charts) {
      if (!ids.has(id)) this.remove(id, chart);
    }
    specs.forEach((spec, index) => {
      const isKnown = this.charts.has(spec.id);
      const chart = this.charts.get(spec.id) ?? this.create(spec);
      // New points alone draw a chart when they have been read.
      if (isOther || lookOf(chart.spec) !== lookOf(spec)) this.invalidate(chart);
      chart.show(spec, settings);
      // Reading does not wait for the first layout, which says what is in view.
      if (!isKnown && index < FIRST_IN_VIEW) this.visible.add(chart);
      if (this.grid.children[index] !== chart.element) {
        this.grid.insertBefore(chart.element, this.grid.children[index] ?? null);
      }
      if (this.visible.has(chart)) this.load(chart);
    });
  }

  /** Shows another part of the x axis, and leaves all else as it is: it is moved with every frame. */
  setZoom(zoom: ChartSettings["zoom"]): void {
    if (this.settings === null) return;
    this.settings = { ...this.settings, zoom };
    for (const chart of this.visible) {
      chart.follow(this.settings);
      this.invalidate(chart);
      this.load(chart);
    }
  }

  themeChanged(): void {
    this.palette = null;
    this.invalidateAll();
  }

  /** Zooms in (below 1) or out around the middle, or around `x`. */
  zoomBy(chart: CurveChart, factor: number, x?: number): void {
    const range = chart.range;
    if (range === null) return;
    const centre = x ?? (range.min + range.max) / 2;
    const from = centre - (centre - range.min) * factor;
    const to = centre + (range.max - centre) * factor;
    if (to > from) this.options.onZoom({ from, to });
  }

  private panBy(chart: CurveChart, share: number): void {
    const { range, wholeRange: whole, isZoomed } = chart;
    if (range === null || whole === null || !isZoomed) return;
    const span = range.max - range.min;
    const from = Math.max(whole.min - span / 2, Math.min(whole.max - span / 2, range.min + share * span));
    this.options.onZoom({ from, to: from + span });
  }

  private create(spec: ChartSpec): CurveChart {
    const chart = new CurveChart(spec, this.currentPalette());
    this.charts.set(spec.id, chart);
    this.observer.observe(chart.element);
    listen(chart, {
      point: (x, front, at) => this.moveCrosshair(chart, x, front, at),
      leave: () => this.moveCrosshair(chart, null, null, null),
      step: (by) => this.stepCrosshair(chart, by),
      select: (from, to) => this.options.onZoom({ from, to }),
      zoom: (factor, x) => this.zoomBy(chart, factor, x),
      pan: (share) => this.panBy(chart, share),
      choose: () => this.choose(chart),
      next: (by) => this.nextCurve(chart, by),
      reset: () => this.options.onZoom(null),
    });
    return chart;
  }

  private remove(id: string, chart: CurveChart): void {
    this.observer.unobserve(chart.element);
    this.charts.delete(id);
    this.visible.delete(chart);
    this.dirty.delete(chart);
    if (this.crosshair?.chart === chart) this.crosshair = null;
    chart.destroy();
  }

  private onVisibility(entries: readonly IntersectionObserverEntry[]): void {
    for (const entry of entries) {
      const chart = [...this.charts.values()].find((one) => one.element === entry.target);
      if (chart === undefined) continue;
      if (entry.isIntersecting) {
        this.visible.add(chart);
        this.load(chart);
        this.invalidate(chart);
      } else {
        this.visible.delete(chart);
        this.releaseLater();
      }
    }
  }

  /** What is scrolled back to soon is still there; what is not holds no arrays. */
  private releaseLater(): void {
    this.releasing ??= setTimeout(() => {
      this.releasing = null;
      const shown = new Set([...this.visible].flatMap(({ spec }) => spec.curves.map(({ key }) => key)));
      for (const chart of this.charts.values()) {
        if (this.visible.has(chart)) continue;
        chart.release();
        this.loader.drop(chart.spec.curves.map(({ key }) => key).filter((key) => !shown.has(key)));
        this.dirty.add(chart);
      }
    }, RELEASE_MS);
  }

  private load(chart: CurveChart): void {
    for (const curve of chart.spec.curves) {
      const points = chart.pointsFor(curve.key);
      this.loader.want(curve.series, points);
      const range = this.zoomOf(curve);
      if (range !== null) this.loader.wantDetail(curve.series, range, points);
    }
  }

  private zoomOf(curve: CurveSpec): XRange | null {
    if (this.settings === null || this.settings.zoom === null) return null;
    const { zoom, xAxis, originMs } = this.settings;
    const { from, to } = zoom;
    if (xAxis === "step") return { kind: "step", from, to };
    const origin = originMs(curve);
    return { kind: "time", from: origin + from * 1000, to: origin + to * 1000 };
  }

  private invalidateAll(): void {
    for (const chart of this.charts.values()) this.invalidate(chart);
  }
  private invalidate(chart: CurveChart): void {
    this.dirty.add(chart);
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.drawFrame());
  }

  private drawFrame(): void {
    this.frame = 0;
    const { settings } = this;
    if (settings === null) return;
    for (const chart of this.dirty) {
      if (!this.visible.has(chart)) continue;
      this.dirty.delete(chart);
      chart.draw(settings, this.currentPalette(), (curve) => {
        const range = this.zoomOf(curve);
        return range === null ? this.loader.points(curve.key) : this.loader.pointsWithin(curve.key, range);
      });
    }
  }

  private currentPalette(): Palette {
    return (this.palette ??= readPalette());
  }

  private stepCrosshair(chart: CurveChart, by: number): void {
    const held = this.crosshair?.chart === chart ? this.crosshair.x : null;
    const x = chart.neighbourX(held, by);
    if (x === null) return;
    this.showCrosshair(chart, x, this.crosshair?.chart === chart ? this.crosshair.front : null);
  }

  private loadOne(chart: CurveChart, key: string): void {
    const curve = chart.spec.curves.find((one) => one.key === key);
    if (curve === undefined) return;
    this.loader.want(curve.series, chart.pointsFor(key));
    const range = this.zoomOf(curve);
    if (range !== null) this.loader.wantDetail(curve.series, range, chart.pointsFor(key));
  }

  private choose(chart: CurveChart): void {
    const front = this.crosshair?.chart === chart ? this.crosshair.front : null;
    const curve = chart.spec.curves.find(({ key }) => key === front);
    if (curve !== undefined) this.options.onChoose?.(curve.series.trialId);
  }

  private nextCurve(chart: CurveChart, by: 1 | -1): void {
    const held = this.crosshair?.chart === chart ? this.crosshair : null;
    const x = held?.x ?? chart.neighbourX(null, -1);
    if (x === null) return;
    const front = chart.neighbourCurve(x, held?.front ?? null, by);
    this.showCrosshair(chart, x, front);
  }

  private showCrosshair(chart: CurveChart, x: number, front: string | null): void {
    const box = chart.plot.getBoundingClientRect();
    this.moveCrosshair(chart, x, front, { x: box.left + chart.pixelOf(x), y: box.top + box.height / 2 });
    const readings = chart.readings(x);
    const told = front === null ? readings : readings.filter(({ key }) => key === front);
    const words = told.map((reading) => `${reading.label} ${reading.text}`);
    this.announcer.say(`${formatX(x, this.settings?.xAxis ?? "step")}: ${words.join(", ")}`);
  }

  private moveCrosshair(
    chart: CurveChart,
    x: number | null,
    front: string | null,
    at: { x: number; y: number } | null,
  ): void {
    const before = this.crosshair;
    this.crosshair = x === null ? null : { chart, x, front };
    if (before?.x !== this.crosshair?.x || before?.front !== front) {
      for (const other of this.visible) other.mark(x, other === chart ? front : null);
      // Of a crowd it was read as coarsely as the others.
      if (front !== null && before?.front !== front) this.loadOne(chart, front);
    }
    if (x === null || at === null) this.tooltip.hide();
    else this.showTooltip(chart, x, front, at);
  }

  private showTooltip(
    chart: CurveChart,
    x: number,
    front: string | null,
    at: { x: number; y: number },
  ): void {
    const axis = this.settings?.xAxis ?? "step";
    const specs = new Map(chart.spec.curves.map((curve) => [curve.key, curve]));
    const rows = chart.readings(x).map((reading) => {
      const spec = specs.get(reading.key);
      return {
        ...reading,
        colour: this.currentPalette().series[spec?.colour ?? 0] ?? "",
        dash: spec?.dash ?? [],
        front: reading.key === front,
        last: chart.tellsLast ? reading.last : null,
        at: reading.x === x ? null : `at ${formatX(reading.x, axis)}`,
      };
    });
    this.tooltip.show(formatX(x, axis), rows, at);
  }
}

/** What of a chart does not depend on its points. */
function lookOf(spec: ChartSpec): string {
  return JSON.stringify(spec.curves.map(({ key, label, colour, dash }) => [key, label, colour, dash]));
}
