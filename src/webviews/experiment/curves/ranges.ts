/** The ranges of a chart's axes over its life: they grow in steps, and start anew when the axes mean something else. */
import type { ChartCurve, ChartSettings } from "./chartCurve.ts";
import type { Unit } from "./charts.ts";
import { growLogRange, growRange, niceStep, niceTimeStep, type Range } from "./scales.ts";
import { extent } from "./transform.ts";

export class AxisRanges {
  x: Range | null = null;
  y: Range | null = null;
  /** x of all that was reported. */
  whole: Range | null = null;
  private kind = "";

  update(curves: readonly ChartCurve[], settings: ChartSettings, unit: Unit): void {
    const { xAxis, logX, logY, zoom } = settings;
    // Not where it is zoomed, but how far: while it is moved along the y axis stays where it is, as long as it can.
    const kind = JSON.stringify([xAxis, logX, logY, zoom && (zoom.to - zoom.from).toPrecision(6)]);
    if (kind !== this.kind) {
      this.kind = kind;
      this.x = this.y = null;
    }
    const x: Range = { min: Infinity, max: -Infinity };
    const y: Range = { min: Infinity, max: -Infinity };
    for (const { drawn } of curves) {
      const points = drawn.raw ?? drawn.line;
      const { whole } = drawn;
      const seen = zoom === null ? whole : extent(points, zoom.from, zoom.to);
      if (whole !== null) widen(x, whole.x);
      if (seen !== null) widen(y, seen.y);
    }
    this.whole = x.min <= x.max ? { ...x } : null;
    if (unit.range !== undefined && !logY) {
      y.min = Math.min(unit.range.min, y.min);
      y.max = Math.max(unit.range.max ?? -Infinity, y.max);
    }
    this.x = logX
      ? growLogRange(this.x, x.min, x.max)
      : growRange(this.x, x.min, x.max, 6, xAxis === "time" ? niceTimeStep : niceStep, true);
    this.y = logY ? growLogRange(this.y, y.min, y.max) : growRange(this.y, y.min, y.max);
  }
}

function widen(range: Range, [low, high]: [number, number]): void {
  range.min = Math.min(range.min, low);
  range.max = Math.max(range.max, high);
}
