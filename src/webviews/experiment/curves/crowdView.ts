/** The crowd of a chart: which lines, how faint, and where the chart's axes are now. */
import type { Chart } from "chart.js";
import type { ChartCurve, ChartSettings } from "./chartCurve.ts";
import { CrowdLayer, type CrowdStyle } from "./crowd.ts";
import { withAlpha, type Palette } from "./palette.ts";

export class CrowdOfChart {
  private readonly layer: CrowdLayer;

  /** @param onPainted the chart is to be drawn again */
  constructor(onPainted: () => void) {
    this.layer = new CrowdLayer(onPainted);
  }

  set(curves: readonly ChartCurve[], palette: Palette): void {
    this.layer.set(
      curves.map(({ drawn: { line, superseded } }) => ({ line, superseded })),
      crowdStyle(palette, curves.length),
    );
  }

  /** Before chart.js has axes there is nothing to draw on. */
  draw(chart: Chart, { logX, logY, zoom }: ChartSettings): void {
    const { x, y } = chart.scales;
    if (x === undefined || y === undefined) return;
    const { left, top, width, height } = chart.chartArea;
    const density = chart.currentDevicePixelRatio;
    this.layer.draw(chart.ctx, { x, y, logX, logY, left, top, width, height, density }, zoom !== null);
  }

  /** Holds no points until it is set again. */
  release(): void {
    this.layer.clear();
    this.layer.set([], { colour: "", fainter: "", width: 1, opacity: 1 });
  }
}

/** The more there are the fainter is each: where many lie over one another it is dark, and a single one can still be seen. */
function crowdStyle({ foreground, highContrast }: Palette, curves: number): CrowdStyle {
  const opacity = Math.min(0.7, Math.max(0.12, 5 / Math.sqrt(Math.max(1, curves))));
  return {
    colour: withAlpha(foreground, opacity),
    fainter: withAlpha(foreground, opacity / 2),
    width: 1,
    opacity: highContrast ? 0.65 : 0.4,
  };
}
