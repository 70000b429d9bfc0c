/** What the crowd of a chart has to know of it: its axes as they are now, and how faint it is. */
import type { Chart } from "chart.js";
import type { ChartSettings } from "./chartCurve.ts";
import type { CrowdStyle, CrowdView } from "./crowd.ts";
import { withAlpha, type Palette } from "./palette.ts";

/** @returns null before chart.js has axes */
export function crowdView(
  chart: Chart,
  { logX, logY }: Pick<ChartSettings, "logX" | "logY">,
): CrowdView | null {
  const { x, y } = chart.scales;
  if (x === undefined || y === undefined) return null;
  const { left, top, width, height } = chart.chartArea;
  return {
    x: { min: x.min, max: x.max },
    y: { min: y.min, max: y.max },
    logX,
    logY,
    left,
    top,
    width,
    height,
    density: chart.currentDevicePixelRatio,
  };
}

/** The more there are the fainter is each: where many lie over one another it is dark, and a single one can still be seen. */
export function crowdStyle({ foreground, highContrast }: Palette, curves: number): CrowdStyle {
  const opacity = Math.min(0.7, Math.max(0.12, 5 / Math.sqrt(Math.max(1, curves))));
  return {
    colour: withAlpha(foreground, opacity),
    fainter: withAlpha(foreground, opacity / 2),
    width: 1,
    opacity: highContrast ? 0.65 : 0.4,
  };
}
