/**
 * Charts below one another. Draws only what is in view, at most once a frame; crosshair, zoom and tooltip are shared.
 */
import { h } from "../../ui/dom.ts";
import { Announcer } from "./announcer.ts";
import type { ChartSpec } from "./charts.ts";
import type { ChartSettings } from "./chartCurve.ts";
import { CurveChart } from "./curveChart.ts";
import { listen } from "./gestures.ts";
import { readPalette, type Palette } from "./palette.ts";
import { formatX } from "./readings.ts";
import { SeriesLoader, type ReadSeries } from "./seriesLoader.ts";
import { Tooltip } from "./tooltip.ts";

export interface BoardOptions {
  read: ReadSeries;
  isConnected: () => boolean;
  onError: (error: unknown) => void;
  onZoom: (zoom: { from: number; to: number } | null) => void;
}
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

  constructor(options: BoardOptions) {
    this.options = options;
    this.element = h("div", { class: "board" }, this.grid, this.tooltip.element, this.announcer.element);
    this.loader = new SeriesLoader(options.read, {
      isConnected: options.isConnected,
      onPoints: (key) => {
        for (const chart of this.charts.values()) {
          if (chart.spec.curves.some((curve) => curve.key === key)) this.invalidate(chart);
        }
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
      const chart = this.charts.get(spec.id) ?? this.create(spec);
      // New points alone draw a chart when they have been read.
      if (isOther || lookOf(chart.spec) !== lookOf(spec)) this.invalidate(chart);
      chart.spec = spec;
      if (this.grid.children[index] !== chart.element) {
        this.grid.insertBefore(chart.element, this.grid.children[index] ?? null);
      }
      if (this.visible.has(chart)) this.load(chart);
    });
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
      } else this.visible.delete(chart);
    }
  }

  private load(chart: CurveChart): void {
    const zoom = this.settings?.xAxis === "step" ? this.settings.zoom : null;
    for (const { series } of chart.spec.curves) {
      this.loader.want(series);
      if (zoom !== null) this.loader.wantDetail(series, zoom.from, zoom.to);
    }
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
    const zoom = settings.xAxis === "step" ? settings.zoom : null;
    for (const chart of this.dirty) {
      if (!this.visible.has(chart)) continue;
      this.dirty.delete(chart);
      chart.draw(settings, this.currentPalette(), ({ key }) =>
        zoom === null ? this.loader.points(key) : this.loader.pointsWithin(key, zoom.from, zoom.to),
      );
    }
  }

  private currentPalette(): Palette {
    return (this.palette ??= readPalette());
  }

  private stepCrosshair(chart: CurveChart, by: number): void {
    const held = this.crosshair?.chart === chart ? this.crosshair.x : null;
    const x = chart.neighbourX(held, by);
    if (x === null) return;
    const box = chart.plot.getBoundingClientRect();
    this.moveCrosshair(chart, x, null, { x: box.left + chart.pixelOf(x), y: box.top + box.height / 2 });
    const words = chart.readings(x).map((reading) => `${reading.label} ${reading.text}`);
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
