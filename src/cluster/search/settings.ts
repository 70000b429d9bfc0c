/** A searcher's settings with their defaults, checked: what the configuration leaves open, and Determined's older names. Pure. */
import type { SearcherConfiguration } from "../protocol/configuration.ts";
import { own } from "../protocol/own.ts";
import { bracketsOf, type AdaptiveSettings } from "./brackets.ts";
import type { HalvingSettings } from "./halving.ts";

const MAX_CONCURRENT_TRIALS = 16;
const DIVISOR = 4;
const MAX_RUNGS = 5;

// `max_length` is for the script, too, which asks for it by Determined's `searcher.operations()`.
const COMMON = [
  "name",
  "metric",
  "smaller_is_better",
  "source_trial_id",
  "source_checkpoint_uuid",
  "max_length",
];
const HALVING = ["max_trials", "max_concurrent_trials", "max_time", "time_metric", "divisor", "stop_once"];
const OWN: Readonly<Record<string, readonly string[]>> = {
  random: ["max_trials", "max_concurrent_trials"],
  grid: ["max_concurrent_trials"],
  async_halving: [...HALVING, "num_rungs"],
  adaptive_asha: [...HALVING, "mode", "max_rungs", "bracket_rungs"],
};
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  random: ["max_trials"],
  async_halving: ["metric", "max_trials", "num_rungs", "max_time"],
  adaptive_asha: ["metric", "max_trials", "max_time"],
};

/** Keys of the configuration that a searcher reads. */
export function settingsOf(searcher: string): string[] {
  return [...COMMON, ...(own(OWN, searcher) ?? [])];
}

/** Keys of the configuration that a searcher cannot do without and that are not there. */
export function missingSettings(searcher: SearcherConfiguration): string[] {
  return (own(NEEDED, searcher.name) ?? []).filter((key) =>
    key === "max_time"
      ? maxTimeOf(searcher) === null
      : searcher[key as keyof SearcherConfiguration] === undefined,
  );
}

/** 0: without end. */
export function maxConcurrentTrials({ max_concurrent_trials }: SearcherConfiguration): number {
  return max_concurrent_trials ?? MAX_CONCURRENT_TRIALS;
}

/** Units of the time metric; null when nothing says so. `max_length` is what it was called before Determined 0.38. */
export function maxTimeOf({ max_time, max_length }: SearcherConfiguration): number | null {
  if (max_time !== undefined) return max_time;
  const length = typeof max_length === "object" ? Object.values(max_length)[0] : max_length;
  return length === undefined || length <= 0 ? null : length;
}

/** The metric by which trained time is told; null: the step. */
export function timeMetricOf({ time_metric, max_length }: SearcherConfiguration): string | null {
  if (time_metric !== undefined) return time_metric;
  const unit = typeof max_length === "object" ? Object.keys(max_length)[0] : undefined;
  return unit === "epochs" || unit === "records" ? unit : null;
}

export function adaptiveSettings(searcher: SearcherConfiguration): AdaptiveSettings {
  return {
    maxTrials: searcher.max_trials ?? 1,
    maxTime: maxTimeOf(searcher) ?? 1,
    divisor: searcher.divisor ?? DIVISOR,
    maxRungs: searcher.max_rungs ?? MAX_RUNGS,
    maxConcurrentTrials: maxConcurrentTrials(searcher),
    mode: searcher.mode ?? "standard",
    bracketRungs: searcher.bracket_rungs ?? [],
  };
}

/** One for each bracket, in the order in which their trials are made. */
export function halvingSettings(searcher: SearcherConfiguration): HalvingSettings[] {
  const { divisor, maxTime, maxTrials, maxConcurrentTrials: concurrent } = adaptiveSettings(searcher);
  const common = { maxTime, divisor, variant: variantOf(searcher) };
  if (searcher.name === "async_halving")
    return [{ ...common, rungs: searcher.num_rungs ?? 1, maxTrials, maxConcurrentTrials: concurrent }];
  return bracketsOf(adaptiveSettings(searcher)).map(({ rungs, trials, concurrent: live }) => ({
    ...common,
    rungs,
    maxTrials: trials,
    maxConcurrentTrials: live,
  }));
}

function variantOf({ stop_once }: SearcherConfiguration): HalvingSettings["variant"] {
  return stop_once === false ? "promotion" : "stopping";
}
