/** A search's trials as rows of a table: what differs between them, sorted and filtered. Pure. */
import type { Json } from "../../../cluster/protocol/base.ts";
import type { Trial } from "../../../cluster/protocol/entities.ts";
import { formatValue } from "../format.ts";
import { flatten } from "../../../cluster/protocol/flatten.ts";
import { valueText } from "../parameters.ts";
import { stateLook } from "../states.ts";

export interface TrialRow {
  trial: Trial;
  /** By the name of the hyperparameter. */
  parameters: ReadonlyMap<string, Json>;
}
/** `starred`, `number`, `name`, `state`, `best`, `step`, or `parameter:` and its name. */
export interface Sort {
  column: string;
  ascending: boolean;
}

const PARAMETER = "parameter:";
/** More columns than this nobody reads. */
const MOST_PARAMETERS = 30;

export function parameterColumn(name: string): string {
  return PARAMETER + name;
}

/** A trial that has not changed keeps its row: with a thousand of them, few change at a time. */
const ROWS = new WeakMap<Trial, TrialRow>();

export function trialRows(trials: Iterable<Trial>): TrialRow[] {
  return [...trials].map((trial) => {
    const known = ROWS.get(trial);
    if (known !== undefined) return known;
    const row: TrialRow = { trial, parameters: new Map(flatten(trial.hyperparameters)) };
    ROWS.set(trial, row);
    return row;
  });
}

/** All that any trial has. */
export function parameterNames(rows: readonly TrialRow[]): string[] {
  return [...new Set(rows.flatMap(({ parameters }) => [...parameters.keys()]))];
}

/** Hyperparameters of which not all trials have the same value. */
export function differingParameters(rows: readonly TrialRow[]): string[] {
  const seen = new Map<string, { value: string; count: number; differs: boolean }>();
  for (const { parameters } of rows)
    for (const [name, value] of parameters) {
      const text = JSON.stringify(value);
      const one = seen.get(name);
      if (one === undefined) seen.set(name, { value: text, count: 1, differs: false });
      else {
        one.count++;
        one.differs ||= one.value !== text;
      }
    }
  return [...seen]
    .filter(([, { differs, count }]) => differs || count < rows.length)
    .map(([name]) => name)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .slice(0, MOST_PARAMETERS);
}

/** What has no value comes last, whichever way it is sorted; among equals the earlier trial is first. */
export function sortRows(rows: readonly TrialRow[], { column, ascending }: Sort): TrialRow[] {
  const keyed = rows.map((row) => ({ row, key: keyOf(row, column) }));
  const sign = ascending ? 1 : -1;
  keyed.sort((a, b) => {
    const order =
      a.key === null || b.key === null
        ? Number(a.key === null) - Number(b.key === null)
        : sign * compare(a.key, b.key);
    return order || a.row.trial.number - b.row.trial.number;
  });
  return keyed.map(({ row }) => row);
}

function keyOf({ trial, parameters }: TrialRow, column: string): number | string | null {
  switch (column) {
    case "starred":
      return trial.starred ? 0 : 1;
    case "name":
      return trial.name;
    case "number":
      return trial.number;
    case "state":
      return stateLook(trial.state).word;
    case "best":
      return numberOrNull(trial.best?.value);
    case "step":
      return numberOrNull(trial.latestStep);
    default: {
      const value = parameters.get(column.slice(PARAMETER.length));
      if (value === undefined || value === null) return null;
      return typeof value === "number" ? value : valueText(value);
    }
  }
}

function numberOrNull(value: number | null | undefined): number | null {
  return value === null || value === undefined || Number.isNaN(value) ? null : value;
}

/** Numbers before texts. */
function compare(a: number | string, b: number | string): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a.localeCompare(b, "en", { numeric: true });
  return typeof a === "number" ? -1 : 1;
}

/** What a filter looks at: `trial 7 stopped best=0.231 step=25 lr=0.003`. */
export function rowText({ trial, parameters }: TrialRow): string {
  const best = trial.best === null ? [] : [`best=${formatValue(trial.best.value)}`];
  const step = trial.latestStep === null ? [] : [`step=${trial.latestStep}`];
  const values = [...parameters].map(([name, value]) => `${name}=${parameterText(value)}`);
  const state = stateLook(trial.state).word.toLowerCase();
  const name = trial.name === null ? [] : [trial.name];
  return [`trial ${trial.number}`, ...name, ...trial.labels, state, ...best, ...step, ...values].join(" ");
}

export function parameterText(value: Json | undefined): string {
  if (value === undefined) return "";
  return typeof value === "number" ? formatValue(value) : valueText(value);
}
