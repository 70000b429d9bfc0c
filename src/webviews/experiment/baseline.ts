/** What the runs of a script are measured against, in curves and words. Pure. */
import type { SeriesState } from "../../cluster/protocol/events.ts";
import type { PageBaseline } from "../contract/messages.ts";
import type { ChartSpec, CurveSpec } from "./curves/charts.ts";
import { formatValue } from "./format.ts";
import { seriesKey, type PageData } from "./store.ts";

/** No trial has it: the baseline may be another pool's, where numbers mean other trials. */
export const BASELINE_TRIAL = "0.1";
const DASH = [2, 4];
/** Beyond the series' own colours: drawn in the foreground's. */
const FOREGROUND = -1;

/** The same charts, each with the baseline's curve of the same metric. */
export function withBaseline(charts: readonly ChartSpec[], baseline: PageBaseline | null): ChartSpec[] {
  if (baseline === null || baseline.problem !== null) return [...charts];
  return charts.map((chart) => {
    const isShown = chart.curves.some(({ series }) => baseline.isHere && series.trialId === baseline.trialId);
    if (isShown) return chart;
    const groups = [...new Set(chart.curves.map(({ series }) => series.group))];
    const own = baseline.series.filter(
      ({ name, group, rank }) => name === chart.title && groups.includes(group) && rank === 0,
    );
    return {
      ...chart,
      curves: [...chart.curves, ...own.map((one) => curveOf(one, baseline, groups.length > 1))],
    };
  });
}

function curveOf(series: SeriesState, { label }: PageBaseline, severalGroups: boolean): CurveSpec {
  const own = { ...series, trialId: BASELINE_TRIAL };
  const words = `baseline ${label}${severalGroups ? ` ${series.group}` : ""}`;
  return { key: seriesKey(own), series: own, label: words, colour: FOREGROUND, dash: DASH };
}

/** `-0.004 against baseline #12`; null where there is nothing to measure, or it would be measured against itself. */
export function againstBaseline({ experiment, baseline }: PageData): string | null {
  const { best, metric } = experiment;
  if (baseline === null || best === null || metric === null || baseline.value === null) return null;
  if (baseline.metric !== `${metric.group}/${metric.name}`) return null;
  if (baseline.isHere && baseline.trialId === best.trialId) return null;
  const delta = best.value - baseline.value;
  const sign = delta > 0 ? "+" : delta < 0 ? "-" : "±";
  return `${sign}${formatValue(Math.abs(delta), 2)} against baseline ${baseline.label}`;
}
