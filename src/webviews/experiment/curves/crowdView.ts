/** The crowd of a chart: which lines, how faint, and where the chart's axes are now. */
import type { Chart } from "chart.js";
import type { ChartCurve, ChartSettings } from "./chartCurve.ts";
import { CrowdLayer, NO_STYLE, type CrowdStyle } from "./crowd.ts";
import type { Palette } from "./palette.ts";

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
    this.layer.set([], NO_STYLE);
  }
}

/** The more there are the fainter is each, but a single one can still be seen. */
function crowdStyle({ foreground, highContrast }: Palette, curves: number): CrowdStyle {
  const single = Math.min(0.28, Math.max(0.1, 2 / Math.sqrt(Math.max(1, curves))));
  return { colour: foreground, width: 1, tones: { single, full: highContrast ? 0.75 : 0.6 } };
}
