/** Best value against trials or time: a dot for each trial, and the best so far as steps. */
import type { MetricChoice, Trial } from "../../../cluster/protocol/entities.ts";
import { select, type Select } from "../../ui/controls.ts";
import { h, setText } from "../../ui/dom.ts";
import { Announcer } from "../curves/announcer.ts";
import { xAxis, yAxis } from "../curves/axes.ts";
import { colourOfTrial } from "../curves/charts.ts";
import { lineChart, type LineChart } from "../curves/lineChart.ts";
import { withAlpha, type Palette } from "../curves/palette.ts";
import { growRange, niceTimeStep, type Range } from "../curves/scales.ts";
import { Tooltip } from "../curves/tooltip.ts";
import { formatDuration, formatValue, plural } from "../format.ts";
import { bestSoFar, type BestSoFar, type TrialValue } from "./bestSoFar.ts";
import { logValueRange, valueRange, withinRange } from "./valueScale.ts";

/** Trials that are told apart by their colours. */
const FEW = 60;
/** A dot is meant within this distance of the pointer. */
const NEAR_PX = 16;

/** What the person chose of its axes. */
export interface BestAxes {
  against: "trials" | "time";
  logY: boolean;
}
export interface BestContents {
  trials: Iterable<Trial>;
  metric: MetricChoice | null;
  axes: BestAxes;
  selected: string | null;
  /** Trials in all, if that is known: the axis reaches as far from the start. */
  planned: number | null;
  submittedAt: number;
  /** Null while it goes on. */
  endedAt: number | null;
  now: number;
}

export class BestChart {
  readonly element: HTMLElement;
  private readonly canvas = h("canvas", { "aria-hidden": "true" });
  private readonly plot: HTMLElement;
  private readonly title = h("h3", { class: "chart-title" });
  private readonly summary: HTMLElement;
  private readonly scale: Select<"linear" | "log">;
  private readonly tooltip = new Tooltip();
  private readonly announcer = new Announcer();
  private readonly onSelect: (trialId: string) => void;
  private axes: BestAxes;
  private contents: BestContents | null = null;
  private palette: Palette;
  private chart: LineChart | null = null;
  private best: BestSoFar = { values: [], line: [] };
  private smallerIsBetter = true;
  private ranges: { x: Range; y: Range } | null = null;
  private front: TrialValue | null = null;

  constructor(
    palette: Palette,
    options: {
      axes: BestAxes;
      onAxes: (axes: Partial<BestAxes>) => void;
      onSelect: (trialId: string) => void;
    },
  ) {
    this.palette = palette;
    this.onSelect = options.onSelect;
    this.axes = options.axes;
    this.scale = select<"linear" | "log">({
      label: "y",
      visibleLabel: true,
      options: [
        { value: "linear", label: "linear" },
        { value: "log", label: "log" },
      ],
      value: this.axes.logY ? "log" : "linear",
      onChange: (value) => options.onAxes({ logY: value === "log" }),
    });
    const id = `best-${Math.random().toString(36).slice(2)}`;
    this.summary = h("p", { id, class: "spoken" });
    this.plot = h(
      "div",
      {
        class: "plot",
        tabindex: 0,
        role: "application",
        "aria-roledescription": "chart",
        "aria-describedby": id,
        "aria-keyshortcuts": "ArrowLeft ArrowRight Enter",
        on: {
          pointermove: (event) => this.pointAt(this.near(event)),
          pointerleave: () => this.pointAt(null),
          blur: () => this.pointAt(null),
          click: (event) => this.select(this.near(event)),
          keydown: (event) => this.onKey(event),
        },
      },
      this.canvas,
    );
    this.element = h(
      "section",
      { class: "chart", "data-chart": "best" },
      h(
        "header",
        { class: "chart-head" },
        this.title,
        h("span", { class: "chart-note" }),
        select<BestAxes["against"]>({
          label: "x",
          visibleLabel: true,
          options: [
            { value: "trials", label: "trials" },
            { value: "time", label: "time" },
          ],
          value: this.axes.against,
          onChange: (against) => options.onAxes({ against }),
        }).element,
        this.scale.element,
      ),
      this.plot,
      this.summary,
      this.tooltip.element,
      this.announcer.element,
    );
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  update(contents: BestContents): void {
    const { axes } = contents;
    if (axes.against !== this.axes.against || axes.logY !== this.axes.logY) this.ranges = null;
    this.axes = axes;
    // It can be chosen beside the parameters, too.
    this.scale.set(axes.logY ? "log" : "linear");
    this.contents = contents;
    const { trials, metric, submittedAt, endedAt, now } = contents;
    const isTime = this.axes.against === "time";
    this.smallerIsBetter = metric?.smallerIsBetter ?? true;
    this.best = bestSoFar(trials, this.smallerIsBetter, {
      originMs: isTime ? submittedAt : null,
      until: isTime ? ((endedAt ?? now) - submittedAt) / 1000 : null,
    });
    const title = `best ${metric?.name ?? "value"} against ${this.axes.against}`;
    setText(this.title, title);
    this.title.title = title;
    this.element.setAttribute("aria-label", title);
    this.plot.setAttribute("aria-label", title);
    const { values, line } = this.best;
    const end = line.at(-1);
    setText(
      this.summary,
      end === undefined
        ? "Nothing was reported yet."
        : `${plural(values.length, "trial")}, best ${formatValue(end.y)}, improved ${plural(new Set(line.map(({ y }) => y)).size - 1, "time")} after the first.`,
    );
    this.draw();
  }

  themeChanged(palette: Palette): void {
    this.palette = palette;
    this.draw();
  }

  private draw(): void {
    const { values, line } = this.best;
    const last = line.at(-1);
    if (this.plot.clientWidth === 0 || last === undefined) return;
    const { palette, smallerIsBetter, contents } = this;
    const { against, logY } = this.axes;
    const all = values.map(({ value }) => value);
    const y = logY
      ? logValueRange(all, this.ranges?.y ?? null)
      : valueRange(all, smallerIsBetter, this.ranges?.y ?? null);
    const isTime = against === "time";
    const x = isTime
      ? growRange(this.ranges?.x ?? null, 0, last.x, 6, niceTimeStep)
      : growRange(this.ranges?.x ?? null, 0, Math.max(last.x, contents?.planned ?? 0), 6);
    this.ranges = { x, y };
    const placed = values.map(({ x, value }) => ({ x, ...withinRange(value, y, smallerIsBetter) }));
    const improved = new Set(line.map((point) => point.x));
    const radius = values.length <= FEW ? 4 : values.length <= 300 ? 3 : 2;
    const radii = values.map(({ trialId }) =>
      trialId === this.front?.trialId || trialId === contents?.selected ? radius + 2 : radius,
    );
    const chart = (this.chart ??= lineChart(this.canvas, { layout: { padding: { top: 6, right: 8 } } }));
    chart.options.scales = {
      x: xAxis(x, { isTime, isLog: false, widthPx: this.plot.clientWidth, palette }),
      y: yAxis(y, { isLog: logY, palette, format: undefined }),
    };
    chart.data.datasets = [
      {
        data: line.map((point) => ({ x: point.x, y: withinRange(point.y, y, smallerIsBetter).at })),
        stepped: "before",
        borderColor: palette.foreground,
        borderWidth: palette.highContrast ? 2 : 1.5,
        pointRadius: 0,
        order: 1,
      },
      {
        data: placed.map((point) => ({ x: point.x, y: point.at })),
        showLine: false,
        clip: false,
        pointRadius: radii,
        pointStyle: placed.map(({ isBeyond }) => (isBeyond ? "triangle" : "circle")),
        pointBackgroundColor: values.map(({ number, x }) => {
          const own = palette.series[colourOfTrial(number)] ?? palette.foreground;
          // Among many, those that were the best for a while are what is looked for.
          return values.length <= FEW || improved.has(x) ? own : withAlpha(own, 0.55);
        }),
        pointBorderColor: palette.background,
        pointBorderWidth: radius > 2 ? 1 : 0,
        order: 0,
      },
    ];
    chart.update("none");
  }

  private pixelOf({ x: place, value }: TrialValue): { x: number; y: number } {
    const { x, y } = this.chart?.scales ?? {};
    const at = this.ranges === null ? value : withinRange(value, this.ranges.y, this.smallerIsBetter).at;
    return { x: x?.getPixelForValue(place) ?? 0, y: y?.getPixelForValue(at) ?? 0 };
  }

  private near(event: MouseEvent): TrialValue | null {
    const box = this.plot.getBoundingClientRect();
    let nearest: { value: TrialValue; distance: number } | null = null;
    for (const value of this.best.values) {
      const at = this.pixelOf(value);
      const distance = Math.hypot(at.x - (event.clientX - box.left), at.y - (event.clientY - box.top));
      if (distance < NEAR_PX && (nearest === null || distance < nearest.distance))
        nearest = { value, distance };
    }
    return nearest?.value ?? null;
  }

  private select(value: TrialValue | null): void {
    if (value !== null) this.onSelect(value.trialId);
  }

  private onKey(event: KeyboardEvent): void {
    const by = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "Enter") this.select(this.front);
    else if (event.key === "Escape") this.pointAt(null);
    else if (by !== undefined) {
      const { values } = this.best;
      const front = this.front?.trialId;
      const at =
        front === undefined
          ? by > 0
            ? -1
            : values.length
          : values.findIndex(({ trialId }) => trialId === front);
      const to = values[Math.min(values.length - 1, Math.max(0, at + by))];
      this.pointAt(to ?? null);
      if (to !== undefined) this.announcer.say(this.sentenceOf(to));
    } else return;
    event.preventDefault();
  }

  private pointAt(value: TrialValue | null): void {
    const isOther = this.front?.trialId !== value?.trialId;
    this.front = value;
    if (isOther) this.draw();
    if (value === null) {
      this.tooltip.hide();
      return;
    }
    const box = this.plot.getBoundingClientRect();
    const { x, y } = this.pixelOf(value);
    this.tooltip.show(this.sentenceOf(value), [], { x: box.left + x, y: box.top + y });
  }

  private sentenceOf({ number, value, x }: TrialValue): string {
    const when = this.axes.against === "time" ? ` after ${formatDuration(x * 1000)}` : "";
    return `trial ${number}: ${formatValue(value)}${when}`;
  }
}
