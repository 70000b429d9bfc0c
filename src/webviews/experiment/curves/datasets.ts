/** The lines of a chart as chart.js takes them. */
import type { ChartDataset } from "chart.js";
import type { ChartCurve } from "./chartCurve.ts";
import { recede, type Paint } from "./painter.ts";
import { withAlpha, type Palette } from "./palette.ts";
import type { Point } from "./transform.ts";

type Dataset = ChartDataset<"line", Point[]>;

/** @param paint says which curves recede, and which is before all others */
export function datasets(
  curves: readonly ChartCurve[],
  palette: Palette,
  paint: Pick<Paint, "front" | "kept">,
): Dataset[] {
  const { front } = paint;
  return curves.flatMap(({ spec, drawn }) => {
    const own = palette.series[spec.colour] ?? palette.foreground;
    const colour = recede(paint, { key: spec.key, colour: own });
    const faint = withAlpha(colour, palette.highContrast ? 0.5 : 0.3);
    const line = (data: Point[], borderColor: string, borderWidth: number, layer: number): Dataset => ({
      data,
      borderColor,
      borderWidth,
      borderDash: spec.dash,
      order: spec.key === front ? layer - 1 : layer,
    });
    return [
      line(drawn.line, colour, (palette.highContrast ? 2 : 1.5) + (spec.key === front ? 0.5 : 0), 0),
      ...(drawn.raw === null ? [] : [line(drawn.raw, faint, 1, 1)]),
      ...(drawn.superseded.length === 0 ? [] : [line(drawn.superseded, faint, 1, 2)]),
    ];
  });
}
