/** One curve of a chart, with what is drawn of it, and what is said of it. */
import type { ChartSpec, CurveSpec } from "./charts.ts";
import type { PointColumns } from "./columns.ts";
import type { FrontTrials } from "./front.ts";
import type { ReadableCurve } from "./readings.ts";
import { drawnCurve, type DrawnCurve } from "./transform.ts";

export interface ChartSettings {
  xAxis: "step" | "time";
  logX: boolean;
  logY: boolean;
  smoothing: number;
  zoom: { from: number; to: number } | null;
  /** Start of relative time of a curve. */
  originMs: (curve: CurveSpec) => number;
  /** Who stands in front of the others. */
  front: FrontTrials;
}
export interface ChartCurve {
  spec: CurveSpec;
  drawn: DrawnCurve;
  columns: PointColumns;
  /** What `drawn` was made from. */
  madeFrom: string;
}

/** The curve as it was when neither its points nor the settings changed. */
export function updatedCurve(
  before: ChartCurve | undefined,
  spec: CurveSpec,
  columns: PointColumns,
  settings: ChartSettings,
): ChartCurve {
  const { xAxis, logX, logY, smoothing } = settings;
  const options = { xAxis, logX, logY, smoothing, originMs: settings.originMs(spec) };
  const madeFrom = `${columns.version} ${xAxis} ${logX} ${logY} ${smoothing} ${options.originMs}`;
  const drawn =
    before?.columns === columns && before.madeFrom === madeFrom ? before.drawn : drawnCurve(columns, options);
  return { spec, columns, drawn, madeFrom };
}

/** Values are read off the line as it was reported, not the smoothed one. */
export function readableCurves(chart: ChartSpec, curves: readonly ChartCurve[]): ReadableCurve[] {
  return curves.map(({ spec, drawn }) => {
    const notNumbers = new Set(drawn.notNumbers);
    return {
      key: spec.key,
      label: spec.label === "" ? chart.title : spec.label,
      points: drawn.raw ?? drawn.line,
      isNotNumber: (x) => notNumbers.has(x),
      format: chart.unit.format,
    };
  });
}
