/** One chart: a title, the curves of one name, and their twin as a table. Reads nothing itself; it is given points. */
import { button } from "../../ui/controls.ts";
import { h, setText } from "../../ui/dom.ts";
import { formatDistinct, plural } from "../format.ts";
import { xAxis, yAxis } from "./axes.ts";
import { readableCurves, updatedCurve, type ChartCurve, type ChartSettings } from "./chartCurve.ts";
import type { ChartSpec, CurveSpec } from "./charts.ts";
import type { PointColumns } from "./columns.ts";
import type { CrowdOfChart } from "./crowdView.ts";
import { datasets } from "./datasets.ts";
import { crowdPoints, standing, type Standing } from "./front.ts";
import { lineChart, type LineChart } from "./lineChart.ts";
import { LABEL_GAP, painter, type Paint, type PaintedCurve } from "./painter.ts";
import type { Palette } from "./palette.ts";
import { PointsTable } from "./pointsTable.ts";
import { AxisRanges } from "./ranges.ts";
import { readingsAt, summarise, type Reading } from "./readings.ts";
import type { Range } from "./scales.ts";
import { FULL_POINTS } from "./seriesLoader.ts";
import { nearestIndex, type Point } from "./transform.ts";

const MOST_LABELS = 8;
const LABEL_STEP_PX = 16;

export class CurveChart {
  readonly element: HTMLElement;
  /** Takes pointer and keys; the board listens. */
  readonly plot: HTMLElement;
  spec: ChartSpec;
  private readonly canvas = h("canvas");
  private readonly title = h("h3", { class: "chart-title" });
  private readonly note = h("span", { class: "chart-note" });
  private readonly summary: HTMLElement;
  private readonly tableSlot = h("div", { class: "chart-table", hidden: true });
  private table: PointsTable | null = null;
  private chart: LineChart | null = null;
  private curves: ChartCurve[] = [];
  private settings: ChartSettings | null = null;
  private readonly ranges = new AxisRanges();
  private standing: Standing = { isCrowd: false, front: new Set(), best: new Set(), kept: new Set() };
  /** Few charts have one, so it is a file of its own, loaded with the first. */
  private crowd: CrowdOfChart | null = null;
  private isLoadingCrowd = false;
  private paint: Paint;

  constructor(spec: ChartSpec, palette: Palette) {
    this.spec = spec;
    this.paint = {
      palette,
      curves: [],
      front: null,
      kept: new Set(),
      crosshair: null,
      selection: null,
      labelWidthPx: 0,
    };
    const id = `summary-${Math.random().toString(36).slice(2)}`;
    this.summary = h("p", { id, class: "spoken" });
    this.plot = h(
      "div",
      {
        class: "plot is-waiting",
        tabindex: 0,
        role: "application",
        "aria-roledescription": "chart",
        "aria-label": spec.title,
        "aria-describedby": id,
        "aria-keyshortcuts":
          "ArrowLeft ArrowRight ArrowUp ArrowDown Enter Control+ArrowLeft Control+ArrowRight + - 0",
      },
      this.canvas,
    );
    this.canvas.setAttribute("aria-hidden", "true");
    setText(this.title, spec.title);
    this.title.title = spec.title;
    this.element = h(
      "section",
      { class: "chart", "data-chart": spec.id, "aria-label": spec.title },
      h(
        "header",
        { class: "chart-head" },
        this.title,
        this.note,
        button({
          label: `Show ${spec.title} as a table`,
          icon: "table",
          appearance: "icon",
          onPress: () => this.toggleTable(),
        }),
      ),
      this.plot,
      this.tableSlot,
      this.summary,
    );
  }

  /** What it is of from now on. Who stands in front says how much is read of each curve, so it is known before any is drawn. */
  show(spec: ChartSpec, { front }: Pick<ChartSettings, "front">): void {
    this.spec = spec;
    this.standing = standing(spec.curves, front);
    if (this.standing.isCrowd && this.crowd === null) void this.loadCrowd();
  }

  /** Another zoom counts at once, for the next movement may come before the next frame. */
  follow(settings: ChartSettings): void {
    if (this.settings !== null) this.settings = settings;
  }

  /** Draws what there is. `pointsOf` gives the points that have been read of a curve. */
  draw(settings: ChartSettings, palette: Palette, pointsOf: (curve: CurveSpec) => PointColumns | null): void {
    this.settings = settings;
    this.paint.palette = palette;
    const before = new Map(this.curves.map((curve) => [curve.spec.key, curve]));
    this.curves = this.spec.curves.flatMap((spec) => {
      const columns = pointsOf(spec);
      return columns === null ? [] : [updatedCurve(before.get(spec.key), spec, columns, settings)];
    });
    this.plot.classList.toggle("is-waiting", this.curves.length === 0);
    if (this.curves.length === 0) return;
    this.ranges.update(this.curves, settings, this.spec.unit);
    this.updatePaint();
    this.updateChart();
    this.updateWords(settings);
    this.fillTable();
  }

  /** Points that are worth reading of a curve. */
  pointsFor(key: string): number {
    const { isCrowd, front } = this.standing;
    if (!isCrowd || front.has(key) || key === this.paint.front) return FULL_POINTS;
    return crowdPoints(this.spec.curves.length, FULL_POINTS);
  }

  /** Values at `x` for the tooltip, highest first: of those in front, or singled out. Only what has been drawn is read. */
  readings(x: number): Reading[] {
    const { front, kept } = this.standing;
    const shown = kept.size > 0 ? kept : front;
    const curves = this.curves.filter(({ spec }) => shown.has(spec.key) || spec.key === this.paint.front);
    return readingsAt(readableCurves(this.spec, curves), x);
  }

  /** Whether readings say the last values, too. */
  get tellsLast(): boolean {
    return this.standing.isCrowd || this.standing.kept.size > 0;
  }

  /** Marks `x` on the chart (null: nothing) and brings a curve to the front. */
  mark(x: number | null, front: string | null): void {
    const crosshair =
      x === null
        ? null
        : {
            x,
            points: this.inFront(front).flatMap(({ spec, drawn }) => {
              const point = drawn.line[nearestIndex(drawn.line, x)];
              return point === undefined ? [] : [{ key: spec.key, ...point }];
            }),
          };
    const sameFront = this.paint.front === front;
    this.paint = { ...this.paint, crosshair, front };
    if (sameFront) this.chart?.draw();
    else {
      this.updatePaint();
      this.updateChart();
    }
  }

  markSelection(selection: Paint["selection"]): void {
    this.paint = { ...this.paint, selection };
    this.chart?.draw();
  }

  /** x of the reported point nearest to a pixel of the plot; null outside of the axes. */
  xAt(pixel: number): number | null {
    const scale = this.chart?.scales.x;
    if (scale === undefined) return null;
    const wanted = scale.getValueForPixel(pixel);
    return wanted === undefined ? null : this.nearestX(wanted);
  }
  /** x at a pixel, between the points too. */
  exactXAt(pixel: number): number | null {
    return this.chart?.scales.x?.getValueForPixel(pixel) ?? null;
  }
  pixelOf(x: number): number {
    return this.chart?.scales.x?.getPixelForValue(x) ?? 0;
  }
  /** What so many pixels are of the width of the plot. */
  shareOf(pixels: number): number {
    const area = this.chart?.chartArea;
    return area === undefined || area.width <= 0 ? 0 : pixels / area.width;
  }
  get isZoomed(): boolean {
    return this.settings?.zoom !== null;
  }
  /** x of all that was reported; null when nothing was. */
  get wholeRange(): Range | null {
    return this.ranges.whole;
  }
  /** Another curve at `x`: the next above (1) or below, or the highest or lowest when `key` is none of them. */
  neighbourCurve(x: number, key: string | null, by: 1 | -1): string | null {
    const sorted = this.curves
      .map(({ spec, drawn }) => ({ key: spec.key, y: drawn.line[nearestIndex(drawn.line, x)]?.y ?? NaN }))
      .filter(({ y }) => !Number.isNaN(y))
      .sort((a, b) => a.y - b.y);
    const at = sorted.findIndex((one) => one.key === key);
    if (at < 0) return sorted.at(by > 0 ? 0 : -1)?.key ?? null;
    return sorted[Math.min(sorted.length - 1, Math.max(0, at + by))]?.key ?? null;
  }

  /** The curve whose line is nearest to a pixel at `x`, when there are several trials to tell apart. */
  frontAt(x: number, pixelY: number): string | null {
    const y = this.chart?.scales.y;
    if (y === undefined || this.curves.length < 3) return null;
    let best: { key: string; distance: number } | null = null;
    for (const { spec, drawn } of this.curves) {
      const point = drawn.line[nearestIndex(drawn.line, x)];
      if (point === undefined || Number.isNaN(point.y)) continue;
      const distance = Math.abs(y.getPixelForValue(point.y) - pixelY);
      if (distance < 24 && (best === null || distance < best.distance)) best = { key: spec.key, distance };
    }
    return best?.key ?? null;
  }

  /** x of the point `by` points further in the longest curve; for the arrow keys. */
  neighbourX(x: number | null, by: number): number | null {
    const longest = this.curves.reduce<Point[]>(
      (held, { drawn }) => (drawn.line.length > held.length ? drawn.line : held),
      [],
    );
    if (longest.length === 0) return null;
    const at = x === null ? (by > 0 ? -1 : longest.length) : nearestIndex(longest, x);
    return longest[Math.min(longest.length - 1, Math.max(0, at + by))]?.x ?? null;
  }

  /** What the x axis shows now. */
  get range(): Range | null {
    const zoom = this.settings?.zoom ?? null;
    return zoom === null ? this.ranges.x : { min: zoom.from, max: zoom.to };
  }

  /** Out of sight: holds no points until it is drawn again. */
  release(): void {
    this.chart?.destroy();
    this.chart = null;
    this.curves = [];
    this.crowd?.release();
    this.paint = { ...this.paint, curves: [], crosshair: null };
  }

  destroy(): void {
    this.release();
    this.element.remove();
  }

  /** What chart.js draws: all of a few curves; of a crowd those in front, and the one that is looked at. */
  private inFront(front = this.paint.front): ChartCurve[] {
    return this.curves.filter(({ spec }) => this.standing.front.has(spec.key) || spec.key === front);
  }

  private nearestX(wanted: number): number | null {
    let nearest: number | null = null;
    for (const { drawn } of this.curves) {
      const x = drawn.line[nearestIndex(drawn.line, wanted)]?.x;
      if (x !== undefined && (nearest === null || Math.abs(x - wanted) < Math.abs(nearest - wanted)))
        nearest = x;
    }
    return nearest;
  }

  private updatePaint(): void {
    const { palette } = this.paint;
    const { isCrowd, front, best } = this.standing;
    const inFront = this.inFront();
    const lasts = inFront.map(
      ({ drawn }) => drawn.line.findLast((point) => !Number.isNaN(point.y))?.y ?? NaN,
    );
    const format = this.spec.unit.format;
    const texts = format === undefined ? formatDistinct(lasts) : lasts.map((value) => format(value));
    const curves: PaintedCurve[] = inFront.map(({ spec, drawn }, index) => ({
      key: spec.key,
      label: `${spec.label}${isCrowd && best.has(spec.key) ? " best" : ""} ${texts[index] ?? ""}`.trim(),
      colour: palette.series[spec.colour] ?? palette.foreground,
      line: drawn.line,
      lone: drawn.lone,
      notNumbers: drawn.notNumbers,
      // The one that is only looked at has no label: the plot would move under the pointer.
      isNamed: front.has(spec.key),
    }));
    this.paint = { ...this.paint, curves, kept: this.standing.kept, labelWidthPx: this.labelWidth(curves) };
    this.crowd?.set(isCrowd ? this.curves.filter(({ spec }) => !front.has(spec.key)) : [], palette);
  }

  private async loadCrowd(): Promise<void> {
    if (this.isLoadingCrowd) return;
    this.isLoadingCrowd = true;
    const { CrowdOfChart: Crowd } = await import("./crowdView.ts");
    this.crowd = new Crowd(() => this.chart?.draw());
    if (this.chart === null) return;
    this.updatePaint();
    this.chart.draw();
  }

  /** Room for the labels, in steps so that the axes stay where they are while values change. */
  private labelWidth(curves: readonly PaintedCurve[]): number {
    const named = curves.filter(({ isNamed }) => isNamed);
    if (named.length > MOST_LABELS || named.length === 0) return 0;
    const context = this.canvas.getContext("2d");
    if (context === null) return 0;
    context.font = `${this.paint.palette.sizePx}px ${this.paint.palette.monospace}`;
    const widest = Math.max(...named.map((curve) => context.measureText(curve.label).width));
    const stepped = Math.ceil(widest / LABEL_STEP_PX) * LABEL_STEP_PX;
    return Math.min(stepped, Math.floor(this.plot.clientWidth * 0.35));
  }

  private updateChart(): void {
    const { settings, ranges, range } = this;
    if (settings === null || range === null || ranges.y === null) return;
    const chart = this.chart ?? this.createChart();
    this.chart = chart;
    const { palette } = this.paint;
    const right = this.paint.labelWidthPx === 0 ? 8 : this.paint.labelWidthPx + LABEL_GAP + 2;
    chart.options.layout = { padding: { top: 6, right } };
    chart.options.scales = {
      x: xAxis(range, {
        isTime: settings.xAxis === "time",
        isLog: settings.logX,
        widthPx: this.plot.clientWidth - right,
        palette,
      }),
      y: yAxis(ranges.y, { isLog: settings.logY, palette, format: this.spec.unit.format }),
    };
    chart.data.datasets = datasets(this.inFront(), palette, this.paint);
    chart.update("none");
  }

  private createChart(): LineChart {
    return lineChart(
      this.canvas,
      {
        spanGaps: false,
        elements: { point: { radius: 0, hitRadius: 0 }, line: { tension: 0, borderJoinStyle: "round" } },
      },
      [
        painter(
          () => this.paint,
          (chart) => {
            if (this.settings !== null) this.crowd?.draw(chart, this.settings);
          },
        ),
      ],
    );
  }

  private updateWords(settings: ChartSettings): void {
    const leftOut = this.curves.reduce((sum, { drawn }) => sum + drawn.leftOut, 0);
    const notNumbers = this.curves.reduce((sum, { drawn }) => sum + drawn.notNumbers.length, 0);
    const notes = [
      notNumbers > 0 ? `${notNumbers} not a number` : "",
      leftOut > 0 ? `${leftOut} not above zero` : "",
      this.standing.isCrowd ? `${plural(this.curves.length, "curve")}, click one to select its trial` : "",
    ].filter((note) => note !== "");
    setText(this.note, notes.join(", "));
    const told = this.curves.filter(({ spec }) => this.standing.front.has(spec.key));
    const readable = readableCurves(this.spec, told);
    const words = told.map((curve, index) => {
      const one = readable[index];
      return one === undefined ? "" : summarise(one, curve.columns.reported, settings.xAxis);
    });
    if (this.standing.isCrowd) words.unshift(plural(this.curves.length, "curve"));
    setText(this.summary, words.join(". "));
  }

  private toggleTable(): void {
    this.tableSlot.hidden = !this.tableSlot.hidden;
    this.plot.hidden = !this.tableSlot.hidden;
    if (this.tableSlot.hidden) {
      this.table = null;
      this.tableSlot.replaceChildren();
      this.chart?.resize();
      return;
    }
    this.table = new PointsTable();
    this.tableSlot.append(this.table.element);
    this.fillTable();
  }

  private fillTable(): void {
    const { front } = this.standing;
    const curves = this.spec.curves.filter(({ key }) => front.has(key));
    this.table?.set(
      { ...this.spec, curves },
      new Map(this.curves.map((curve) => [curve.spec.key, curve.columns])),
      this.spec.curves.length,
    );
  }
}
