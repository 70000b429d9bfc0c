/**
 * A search that a person changes while it runs, or extends when it has ended. Brackets keep the rungs that they began with, and
 * what has come to a rung stays there: later trials are compared with it. Pure.
 */
import type { JsonObject } from "../protocol/base.ts";
import type { Search, SearchChange } from "./searcher.ts";
import { findSearcher } from "./searchers.ts";
import { halvingSettings } from "./settings.ts";
import { readSpace, type SpaceProblem } from "./space.ts";

/** Why a search cannot be changed so, as a sentence; null when it can. */
export function whyNot(search: Search, { maxTrials, hyperparameters }: SearchChange): string | null {
  const { name } = search.configuration;
  if (name === "single") return "An experiment with one trial has no search that could be changed.";
  if (name === "grid") return "A grid has as many trials as it has points, so neither can be changed.";
  if (maxTrials === undefined && hyperparameters === undefined) return "Nothing was said that is to change.";
  const planned = findSearcher(name)?.planned(search) ?? 0;
  if (maxTrials !== undefined && maxTrials < planned)
    return `The search makes ${planned} trials already: it can be given more, and ends sooner when it is stopped.`;
  if (hyperparameters === undefined) return null;
  const read = readSpace(hyperparameters);
  if ("problems" in read) return `The hyperparameters are wrong: ${sentenceOf(read.problems)}.`;
  const wider = read.space.outsideOf(search.space);
  if (wider.length === 0) return null;
  return `A search that has begun can only become narrower, so that its trials stay comparable: ${sentenceOf(wider)}.`;
}

/** @param change one that can be made @throws Error for hyperparameters that were not checked */
export function changeSearch(search: Search, { maxTrials, hyperparameters }: SearchChange): Search {
  const { name } = search.configuration;
  const configuration = { ...search.configuration };
  // More trials alone would give other brackets.
  if (name === "adaptive_asha")
    configuration.bracket_rungs = halvingSettings(configuration).map(({ rungs }) => rungs);
  if (maxTrials !== undefined) configuration.max_trials = maxTrials;
  return {
    ...search,
    configuration,
    space: hyperparameters === undefined ? search.space : checkedSpace(hyperparameters),
  };
}

/** @throws Error for hyperparameters that were not checked */
export function checkedSpace(hyperparameters: JsonObject): Search["space"] {
  const read = readSpace(hyperparameters);
  if ("problems" in read) throw new Error("these hyperparameters were not checked");
  return read.space;
}

/** `lr: it is new; optimizer.beta: a value is missing` */
export function sentenceOf(problems: readonly SpaceProblem[]): string {
  return problems.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
}
