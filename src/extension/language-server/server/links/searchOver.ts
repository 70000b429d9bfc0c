/** Writes a search over one hyperparameter into an experiment file, or a file for it. Pure. */
import type { Fix } from "../../../../cluster/client/configuration/places.ts";
import { isMapping, valueAt } from "../../../../cluster/client/configuration/words.ts";
import type { Json } from "../../../../cluster/protocol/base.ts";
import { chooseMetric } from "../../../../cluster/search/metricChoice.ts";
import { HYPERPARAMETER_TYPES } from "../../../../cluster/search/space.ts";
import type { ExperimentDocument } from "../experiment/document.ts";
import { keyText, valueText } from "../experiment/written.ts";
import { metricNames, type Report } from "./metrics.ts";
import { isSame, leavesOf, passingOf } from "./parameters.ts";
import { forGrid } from "./range.ts";

export interface Wanted {
  /** Dotted, as it is to be written. */
  readonly name: string;
  readonly range: { readonly [key: string]: Json };
  /** It comes to the script as a flag alone. */
  readonly isFlag: boolean;
  readonly metric: Metric | null;
}

export interface Metric {
  readonly name: string;
  readonly smallerIsBetter: boolean;
}

const MAX_TRIALS = 16;

/** The metric that a search would compare trials by: of the validation, where there is one. */
export function metricOf(reports: readonly Report[]): Metric | null {
  const names = reports.map(({ report: { name, group } }) => ({ name, group: group ?? "training" }));
  const chosen = chooseMetric(null, null, names);
  if (chosen === null) return null;
  const full = `${chosen.group}/${chosen.name}`;
  const name = metricNames(reports).find((one) => one === full || one === chosen.name) ?? full;
  return { name, smallerIsBetter: chosen.smallerIsBetter };
}

/** @returns what to write; null where the file has a range for it already, or is no map */
export function searchIn(experiment: ExperimentDocument, wanted: Wanted): Fix | null {
  const { value } = experiment;
  if (value !== null && !isMapping(value)) return null;
  const leaf = leavesOf(experiment).find(({ name }) => isSame(name, wanted.name));
  if (leaf && isRange(leaf.value)) return null;
  const searcher = valueAt(value, ["searcher"]);
  const name = valueAt(searcher, ["name"]);
  const path = leaf?.path ?? ["hyperparameters", ...wanted.name.split(".")];
  const set: [(string | number)[], Json][] = [
    [[...path], name === "grid" ? forGrid(wanted.range) : wanted.range],
  ];
  if (!isMapping(searcher)) set.push([["searcher"], searcherFor(wanted.metric)]);
  else if (name === undefined || name === "single")
    for (const [key, setting] of Object.entries(searcherFor("metric" in searcher ? null : wanted.metric)))
      if (key === "name" || !Object.hasOwn(searcher, key)) set.push([["searcher", key], setting]);
  if (wanted.isFlag && passingOf(experiment) === "environment") set.push([["pass_as"], "flags"]);
  // What goes into a map that is there comes before a new map that may begin at the same place.
  const isInside = ([where]: (typeof set)[number]): boolean =>
    where.length > 1 && isMapping(valueAt(value, where.slice(0, 1)));
  const ordered = [...set.filter(isInside), ...set.filter((one) => !isInside(one))];
  return { title: `Search over ${wanted.name}`, set: ordered };
}

export function isRange(value: unknown): boolean {
  const type = valueAt(value, ["type"]);
  return typeof type === "string" && type !== "const" && HYPERPARAMETER_TYPES.includes(type);
}

function searcherFor(metric: Metric | null): Record<string, Json> {
  return {
    name: "random",
    max_trials: MAX_TRIALS,
    ...(metric ? { metric: metric.name } : {}),
    ...(metric?.smallerIsBetter === false ? { smaller_is_better: false } : {}),
  };
}

/** A new experiment file. @param script its name */
export function newExperiment(script: string, { name, range, isFlag, metric }: Wanted): string {
  const names = name.split(".").map((one) => keyText("yaml", one));
  const space = names.map((one, depth) => {
    const isLast = depth === names.length - 1;
    return `${"  ".repeat(depth + 1)}${one}:${isLast ? ` ${valueText("yaml", range)}${meaning(range)}` : ""}`;
  });
  const judged = metric
    ? [`  metric: ${valueText("yaml", metric.name)}`, `  smaller_is_better: ${metric.smallerIsBetter}`]
    : ["  # metric: val_loss  # the one that says which trial is best"];
  return [
    `# What ${script} is submitted with.`,
    ...(isFlag ? ["pass_as: flags  # each hyperparameter as --name=value, too"] : []),
    "hyperparameters:",
    ...space,
    "searcher:",
    "  name: random  # or adaptive_asha, which stops the trials that are behind",
    `  max_trials: ${MAX_TRIALS}`,
    ...judged,
    "",
  ].join("\n");
}

function meaning({ type, base, minval, maxval }: Wanted["range"]): string {
  if (type !== "log") return "";
  const [from, to] = [minval, maxval].map((exponent) =>
    Number((Number(base) ** Number(exponent)).toPrecision(6)),
  );
  return `  # ${from} to ${to}`;
}
