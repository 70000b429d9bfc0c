/** What lists are filtered and sorted by: of each trial as little as that takes, so that 100,000 of them fit into memory. Pure. */
import type { Json } from "../../protocol/base.ts";
import type { Experiment, Trial } from "../../protocol/entities.ts";
import { flatten } from "../../protocol/flatten.ts";
import { type Field, parseTextFilter, type TextFilter } from "../../protocol/textFilter.ts";

export interface ListedExperiment {
  id: number;
  name: string;
  workspace: string;
  endedAt: number | null;
  metric: Experiment["metric"];
  labels: readonly string[];
  fields: Pick<Experiment, "state" | "script" | "searcher">;
  /** In lower case. */
  text: string;
}

export interface ListedTrial {
  number: number;
  state: Trial["state"];
  best: { value: number } | null;
  step: number | null;
  name: string | null;
  labels: readonly string[];
  starred: boolean;
  nan: boolean;
  /** Names of hyperparameters, shared by all trials that have the same. */
  names: readonly string[];
  values: readonly Json[];
  /** In lower case. */
  text: string;
}

/** An experiment with one of its trials; one that has none yet stands alone. */
export interface ListedRow {
  experiment: ListedExperiment;
  trial: ListedTrial | null;
}

export function listedExperiment(experiment: Experiment): ListedExperiment {
  const { id, name, workspace, endedAt, metric, labels, state, script, searcher, question } = experiment;
  const asks = question === null ? [] : ["asks"];
  return {
    id,
    name,
    workspace,
    endedAt,
    metric,
    labels,
    fields: { state, script, searcher },
    text: [`#${id}`, name, script, searcher, ...labels, ...asks].join(" ").toLowerCase(),
  };
}

/** Trials of a search have the same hyperparameters, mostly: their names are kept once. */
const NO_NAMES: readonly string[] = [];
export class SharedNames {
  readonly #known = new Map<string, readonly string[]>();

  of(names: readonly string[]): readonly string[] {
    if (names.length === 0) return NO_NAMES;
    const key = names.join("\n");
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, names);
    return names;
  }
}

export function listedTrial(trial: Trial, shared: SharedNames): ListedTrial {
  const { number, state, latestStep, name, labels, starred, nan } = trial;
  const parameters = flatten(trial.hyperparameters);
  const values = parameters.map(([, value]) => value);
  const words = parameters.map(
    ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return {
    number,
    state,
    best: trial.best === null || Number.isNaN(trial.best.value) ? null : { value: trial.best.value },
    step: latestStep,
    name,
    labels,
    starred,
    nan: nan !== null,
    names: shared.of(parameters.map(([key]) => key)),
    values,
    text: [`trial ${trial.id}`, name ?? "", ...labels, state, STATE_WORDS[state] ?? "", ...words]
      .join(" ")
      .toLowerCase(),
  };
}

/** What the editor calls a state, where that is not its own name. */
const STATE_WORDS: Partial<Record<Trial["state"], string>> = { stopped: "early" };

/** A pool's experiments have many names of parameters, so one that none has is not wrong: nothing is found. */
export function parseListFilter(text: string): TextFilter<ListedRow> {
  return parseTextFilter<ListedRow>(text, {
    field: fieldOf,
    known: () => [],
    hasWord: ({ experiment, trial }, word) =>
      experiment.text.includes(word) ||
      (trial === null ? experiment.fields.state.includes(word) : trial.text.includes(word)),
    flags: {
      starred: ({ trial }) => trial?.starred === true,
      nan: ({ trial }) => trial?.nan === true,
    },
  });
}

function fieldOf(name: string): Field<ListedRow> {
  const known = FIELDS[name.toLowerCase()];
  if (known !== undefined && Object.hasOwn(FIELDS, name.toLowerCase())) return known;
  const places = new WeakMap<readonly string[], number>();
  return ({ experiment, trial }) => {
    if (trial === null) return undefined;
    let place = places.get(trial.names);
    if (place === undefined) places.set(trial.names, (place = placeOf(name, trial.names)));
    if (place >= 0) return trial.values[place];
    const { metric } = experiment;
    const isMetric = metric !== null && (metric.name === name || `${metric.group}/${metric.name}` === name);
    return isMetric ? trial.best?.value : undefined;
  };
}

/** `width` stands for `model.width`, while no other ends like that. */
function placeOf(name: string, names: readonly string[]): number {
  const own = names.indexOf(name);
  if (own >= 0) return own;
  const ending = `.${name}`;
  const ends = names.filter((one) => one.endsWith(ending));
  return ends.length === 1 && ends[0] !== undefined ? names.indexOf(ends[0]) : -1;
}

const bestOf: Field<ListedRow> = ({ trial }) => trial?.best?.value;
const FIELDS: Readonly<Record<string, Field<ListedRow>>> = {
  best: bestOf,
  value: bestOf,
  experiment: ({ experiment }) => experiment.id,
  id: ({ experiment }) => experiment.id,
  number: ({ trial }) => trial?.number,
  trial: ({ trial }) => trial?.number,
  state: ({ experiment, trial }) => trial?.state ?? experiment.fields.state,
  step: ({ trial }) => trial?.step ?? undefined,
  name: ({ experiment, trial }) => [experiment.name, trial?.name ?? ""].join(" ").trimEnd(),
  label: ({ experiment, trial }) => [...experiment.labels, ...(trial?.labels ?? [])].join(" "),
  script: ({ experiment }) => experiment.fields.script,
  searcher: ({ experiment }) => experiment.fields.searcher,
};
