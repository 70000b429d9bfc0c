/** How the compared look: colours, labels, and their curves. Pure. */
import type { SeriesState } from "../../cluster/protocol/events.ts";
import type { CompareColumn, CompareSnapshot } from "../contract/compare.ts";
import { chartsByName, colourOfTrial, SERIES_COLOURS, type ChartSpec } from "../experiment/curves/charts.ts";

/** A trial's own colour, where all differ by it; else each column has one. */
export function coloursOf(columns: readonly Pick<CompareColumn, "trial">[]): number[] {
  const own = columns.map(({ trial }) => colourOfTrial(trial?.number ?? 1));
  return new Set(own).size === own.length ? own : columns.map((_, index) => index % SERIES_COLOURS);
}

export function compareCharts({ columns, series }: CompareSnapshot): ChartSpec[] {
  const colours = coloursOf(columns);
  const all = series.map(({ column, series: one }) => ({ ...one, trialId: curveId(column) }));
  return chartsByName(all, (item) => {
    const column = columnOfCurve(item);
    return { label: columns[column]?.label ?? "", colour: colours[column] ?? 0 };
  });
}

/** Ids of trials are a pool's own: here a curve is told by its column. */
function curveId(column: number): string {
  return `${column + 1}.1`;
}
export function columnOfCurve({ trialId }: Pick<SeriesState, "trialId">): number {
  return Number.parseInt(trialId, 10) - 1;
}
