/** chart.js as every chart of the page uses it: still, without events of its own, points as they are. */
import {
  Chart,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  type ChartOptions,
  type Plugin,
} from "chart.js";
import type { Point } from "./transform.ts";

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale);

export type LineChart = Chart<"line", Point[]>;

/** @param own what this chart has beside that */
export function lineChart(
  canvas: HTMLCanvasElement,
  own: ChartOptions<"line"> = {},
  plugins: Plugin<"line">[] = [],
): LineChart {
  return new Chart(canvas, {
    type: "line",
    data: { datasets: [] },
    options: {
      animation: false,
      parsing: false,
      normalized: true,
      responsive: true,
      maintainAspectRatio: false,
      events: [],
      ...own,
    },
    plugins,
  });
}
