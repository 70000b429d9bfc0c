/** What tells trials apart, as a table: a column for each, the rows by what they are about. Pure. */
import type { Json, JsonObject } from "../../protocol/base.ts";
import type { Experiment, MetricChoice, Trial } from "../../protocol/entities.ts";
import type { SeriesState } from "../../protocol/events.ts";
import { flatten } from "../../protocol/flatten.ts";
import { metricDirection } from "../../protocol/metricDirection.ts";

export interface Compared {
  experiment: Experiment;
  trial: Trial;
  series: readonly SeriesState[];
  /** Null: nothing of it is known here. */
  provenance: JsonObject | null;
}

/** Null: it has none, or it was not seen. */
export type Cell = string | number | null;

export const SECTIONS = ["Results", "Parameters", "Seeds", "Packages", "Environment", "Code"] as const;
export type Section = (typeof SECTIONS)[number];

export interface ComparisonRow {
  section: Section;
  name: string;
  cells: Cell[];
  differs: boolean;
  /** Columns with the best value; none where they are all alike, or where nobody knows which way is better. */
  best: number[];
}

type Values = ReadonlyMap<string, Cell>;

export function compare(compared: readonly Compared[]): ComparisonRow[] {
  return SECTIONS.flatMap((section) => {
    const columns = compared.map((one) => VALUES[section](one));
    const names = [...new Set(columns.flatMap((values) => [...values.keys()]))];
    if (section !== "Results" && section !== "Code") names.sort(byName);
    return names.map((name): ComparisonRow => {
      const cells = columns.map((values) => values.get(name) ?? null);
      const differs = cells.some((cell) => !Object.is(cell, cells[0]));
      const direction = section === "Results" && differs ? directionOf(name, compared) : null;
      return { section, name, cells, differs, best: direction === null ? [] : bestOf(cells, direction) };
    });
  });
}

const VALUES: Readonly<Record<Section, (one: Compared) => Values>> = {
  Results: results,
  Parameters: ({ trial }) => {
    const read = Object.entries(trial.parameters).map(([name, { value }]): [string, Json] => [name, value]);
    return cellsOf([...flatten(trial.hyperparameters), ...read]);
  },
  Seeds: ({ trial, provenance }) => cellsOf([["trial", trial.seed], ...entriesOf(seen(provenance, "seeds"))]),
  Packages: ({ provenance }) => cellsOf(entriesOf(seen(provenance, "packages"))),
  Environment: environment,
  Code: code,
};

/** Of each metric the last value; of the one that the experiment is judged by the best. */
function results({ experiment, trial, series }: Compared): Values {
  const values = new Map<string, Cell>();
  if (experiment.metric && trial.best) values.set(bestName(experiment.metric), trial.best.value);
  const metrics = series.filter(({ group, rank }) => group !== "system" && rank === 0);
  for (const { group, name, lastValue } of metrics) values.set(lastName({ group, name }), lastValue);
  values.set("steps", trial.latestStep);
  return values;
}
function bestName({ group, name }: Pick<MetricChoice, "group" | "name">): string {
  return `${group}/${name}, best`;
}
function lastName({ group, name }: Pick<MetricChoice, "group" | "name">): string {
  return `${group}/${name}, last`;
}

/** What was said of a metric counts before what its name sounds like. */
function directionOf(row: string, compared: readonly Compared[]): "smaller" | "larger" | null {
  const [metric, which] = row.split(/, (?=(?:best|last)$)/);
  if (metric === undefined || which === undefined) return null;
  const said = compared.find(({ experiment }) => {
    const choice = experiment.metric;
    return choice !== null && `${choice.group}/${choice.name}` === metric;
  })?.experiment.metric;
  if (said) return said.smallerIsBetter ? "smaller" : "larger";
  return metricDirection(metric.slice(metric.indexOf("/") + 1));
}

function bestOf(cells: readonly Cell[], direction: "smaller" | "larger"): number[] {
  const numbers = cells.filter((cell): cell is number => typeof cell === "number" && Number.isFinite(cell));
  const best = direction === "smaller" ? Math.min(...numbers) : Math.max(...numbers);
  return cells.flatMap((cell, column) => (cell === best ? [column] : []));
}

function environment({ experiment, provenance }: Compared): Values {
  const said = (key: string): [string, Json][] => {
    const value = seen(provenance, key);
    if (value === undefined) return [];
    return isObject(value) ? flatten(value, key) : [[key, value]];
  };
  return cellsOf([
    ["command", experiment.commandLine.join(" ")],
    ...["interpreter", "operatingSystem", "processor", "driver", "devices", "threads"].flatMap(said),
  ]);
}

function code({ experiment: { script, snapshot } }: Compared): Values {
  const { tree, head, files } = snapshot;
  const commit = head && `${head.commit.slice(0, 12)}${head.modified ? ", with changes" : ""}`;
  return cellsOf([
    ["tree", tree.slice(0, 12)],
    ["commit", commit],
    ["script", script],
    ["files", files],
  ]);
}

/** As the script's own process saw it, else as its supervisor did. */
function seen(provenance: JsonObject | null, key: string): Json | undefined {
  for (const writer of ["harness", "supervisor"]) {
    const section = provenance?.[writer];
    const value = isObject(section) ? section[key] : undefined;
    if (value !== undefined && value !== null && value !== "not seen") return value;
  }
  return undefined;
}

function entriesOf(value: Json | undefined): [string, Json][] {
  return isObject(value) ? flatten(value) : [];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function cellsOf(entries: readonly (readonly [string, Json])[]): Values {
  return new Map(entries.map(([name, value]) => [name, cellOf(value)]));
}
function cellOf(value: Json): Cell {
  if (value === null || value === "not seen") return null;
  return typeof value === "string" || typeof value === "number" ? value : JSON.stringify(value);
}

function byName(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
