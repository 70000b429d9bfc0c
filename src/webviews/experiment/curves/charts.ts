/** Which curves share a chart, and how each looks. Pure. */
import type { Trial } from "../../../cluster/protocol/entities.ts";
import type { SeriesState } from "../../../cluster/protocol/events.ts";
import { formatBytes, formatValue } from "../format.ts";
import { seriesKey } from "../store.ts";

export const SYSTEM_GROUP = "system";
export const SERIES_COLOURS = 8;
/** More curves than this cannot be told apart by colours: a crowd, with some in front of it. */
export const MOST_IN_COLOUR = 20;

export interface CurveSpec {
  key: string;
  series: SeriesState;
  label: string;
  /** 0 to 7: one of the contributed series colours. */
  colour: number;
  /** Pattern of the line; empty for a solid one. */
  dash: number[];
}
export interface ChartSpec {
  id: string;
  title: string;
  curves: CurveSpec[];
  unit: Unit;
}
export interface Unit {
  /** Undefined: a plain number. */
  format?: (value: number) => string;
  /** Axis starts at zero, and for shares ends at one hundred. */
  range?: { min: number; max: number | null };
}

const NUMBER: Unit = {};
const DASHES: number[][] = [[], [6, 4], [2, 3], [10, 3, 2, 3]];

/** How the curves of one trial are told from those of the others. */
export interface TrialLook {
  /** Shown where curves of several share the charts; empty for one that stands alone. */
  label: string;
  colour: number;
}

/** The curves of an experiment. */
export function metricCharts(series: Iterable<SeriesState>, trials: ReadonlyMap<string, Trial>): ChartSpec[] {
  let counted: { chart: readonly SeriesState[]; isAlone: boolean } | null = null;
  return chartsByName([...series], (item, inChart) => {
    if (counted?.chart !== inChart)
      counted = { chart: inChart, isAlone: inChart.every(({ trialId }) => trialId === item.trialId) };
    const { isAlone } = counted;
    return {
      label: isAlone ? "" : `trial ${item.trialId.split(".")[1] ?? ""}`,
      colour: colourOfTrial(trials.get(item.trialId)?.number ?? 1),
    };
  });
}

/** One chart for each name. Training is solid, validation dashed, other groups have patterns of their own. */
export function chartsByName(
  series: readonly SeriesState[],
  lookOf: (item: SeriesState, inChart: readonly SeriesState[]) => TrialLook,
): ChartSpec[] {
  const byName = groupBy(
    series.filter((item) => item.group !== SYSTEM_GROUP),
    (item) => item.name,
  );
  return [...byName].map(([name, items]) => {
    const groups = sortedGroups(items);
    const curves = items
      .map((item) => {
        const { label, colour } = lookOf(item, items);
        return {
          key: seriesKey(item),
          series: item,
          label: labelOf(item, label, groups.length > 1),
          colour,
          dash: DASHES[groupIndex(item.group, groups) % DASHES.length] ?? [],
        };
      })
      .sort((a, b) => compareSeries(a.series, b.series, groups));
    return { id: name, title: name, curves, unit: NUMBER };
  });
}

/** A trial has one colour wherever it is drawn. */
export function colourOfTrial(number: number): number {
  return (number - 1) % SERIES_COLOURS;
}

function labelOf(series: SeriesState, trial: string, severalGroups: boolean): string {
  const parts = [
    trial,
    severalGroups || trial === "" ? series.group : "",
    series.rank > 0 ? `rank ${series.rank}` : "",
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function sortedGroups(items: readonly SeriesState[]): string[] {
  const order = (group: string) => ["training", "validation"].indexOf(group) + 1 || 3;
  return [...new Set(items.map((item) => item.group))].sort((a, b) => order(a) - order(b) || compare(a, b));
}
/** Training is solid and validation dashed also where they are alone. */
function groupIndex(group: string, groups: readonly string[]): number {
  if (group === "training") return 0;
  if (group === "validation") return 1;
  return 2 + groups.filter((other) => other !== "training" && other !== "validation").indexOf(group);
}
function compareSeries(a: SeriesState, b: SeriesState, groups: readonly string[]): number {
  return (
    compare(a.trialId, b.trialId) || groups.indexOf(a.group) - groups.indexOf(b.group) || a.rank - b.rank
  );
}
/** Made once: a thousand trials are compared ten thousand times. */
const { compare } = new Intl.Collator("en", { numeric: true });

// ---- the machine ------------------------------------------------------------------------------------------------------

const percent = (value: number) => `${value.toFixed(value < 9.95 && value % 1 !== 0 ? 1 : 0)} %`;
const SYSTEM_CHARTS: { pattern: RegExp; id: string; title: string; unit: Unit }[] = [
  {
    pattern: /^gpu(\d+)_percent$/,
    id: "gpu",
    title: "GPU",
    unit: { format: percent, range: { min: 0, max: 100 } },
  },
  {
    pattern: /^gpu(\d+)_memory_bytes$/,
    id: "gpu_memory",
    title: "GPU memory",
    unit: { format: formatBytes, range: { min: 0, max: null } },
  },
  {
    pattern: /^cpu_percent$/,
    id: "cpu",
    title: "CPU",
    unit: { format: percent, range: { min: 0, max: null } },
  },
  {
    pattern: /^memory_bytes$/,
    id: "memory",
    title: "Memory",
    unit: { format: formatBytes, range: { min: 0, max: null } },
  },
  {
    pattern: /^disk_free_bytes$/,
    id: "disk",
    title: "Free disk",
    unit: { format: formatBytes, range: { min: 0, max: null } },
  },
  {
    pattern: /^gpu(\d+)_temperature_c$/,
    id: "gpu_temperature",
    title: "GPU temperature",
    unit: { format: (value) => `${Math.round(value)} °C` },
  },
  {
    pattern: /^gpu(\d+)_power_w$/,
    id: "gpu_power",
    title: "GPU power",
    unit: { format: (value) => `${Math.round(value)} W`, range: { min: 0, max: null } },
  },
  {
    pattern: /^data_wait_percent$/,
    id: "data_wait",
    title: "Waiting for data",
    unit: { format: percent, range: { min: 0, max: 100 } },
  },
  {
    pattern: /^checkpoint_percent$/,
    id: "checkpoint",
    title: "Saving checkpoints",
    unit: { format: percent, range: { min: 0, max: 100 } },
  },
  {
    pattern: /^step_ms$/,
    id: "step",
    title: "Step time",
    unit: { format: (value) => `${formatValue(value)} ms`, range: { min: 0, max: null } },
  },
];

/** Charts of what the machine did: all GPUs share a chart for each quantity. Names that are not known get one each. */
export function systemCharts(series: Iterable<SeriesState>): ChartSpec[] {
  const charts = new Map<string, ChartSpec & { order: number }>();
  for (const item of [...series].filter((one) => one.group === SYSTEM_GROUP)) {
    const order = SYSTEM_CHARTS.findIndex((chart) => chart.pattern.test(item.name));
    const known = SYSTEM_CHARTS[order];
    const device = known?.pattern.exec(item.name)?.[1];
    const id = known?.id ?? item.name;
    const chart = charts.get(id) ?? {
      id,
      title: known?.title ?? item.name,
      unit: known?.unit ?? NUMBER,
      order: known === undefined ? SYSTEM_CHARTS.length : order,
      curves: [],
    };
    const index = Number(device ?? 0);
    chart.curves.push({
      key: seriesKey(item),
      series: item,
      label: device === undefined ? "" : `GPU ${device}`,
      colour: index % SERIES_COLOURS,
      dash: DASHES[Math.floor(index / SERIES_COLOURS) % DASHES.length] ?? [],
    });
    charts.set(id, chart);
  }
  return [...charts.values()].sort((a, b) => a.order - b.order || compare(a.title, b.title));
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

export type NameFilter =
  { matches: (name: string) => boolean; error: null } | { matches: null; error: string };
/** Text of the filter box: a regular expression without regard to case. What was typed broken is said, not guessed. */
export function nameFilter(text: string): NameFilter {
  if (text.trim() === "") return { matches: () => true, error: null };
  try {
    const pattern = new RegExp(text.trim(), "i");
    return { matches: (name) => pattern.test(name), error: null };
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, "") : "";
    return { matches: null, error: `Not a regular expression: ${detail}` };
  }
}
