/** What an experiment shows of its trials. Pure. */
import {
  FINAL_TRIAL_STATES,
  type Experiment,
  type ExperimentState,
  type Trial,
  type TrialState,
} from "../../protocol/entities.ts";

export function isFinal(state: TrialState | ExperimentState): boolean {
  return (FINAL_TRIAL_STATES as readonly string[]).includes(state);
}

/** States in which a trial holds its slots. */
export function isOccupying(state: TrialState): boolean {
  return state === "starting" || state === "running" || state === "pausing" || state === "stopping";
}

/** The most lively state of the trials; of ended ones the best, so failed means that all failed. */
const LIVELIEST_FIRST: readonly (readonly [TrialState, ExperimentState])[] = [
  ["running", "running"],
  ["starting", "running"],
  ["pausing", "running"],
  ["stopping", "running"],
  ["waiting", "waiting"],
  ["paused", "paused"],
  ["completed", "completed"],
  ["stopped", "stopped"],
  ["killed", "killed"],
  ["failed", "failed"],
];

/** @param isEnded a person ended all of it: then it did not complete, whatever some of its trials did */
export function rollUp(
  experiment: Experiment,
  trials: readonly Trial[],
  now: number,
  isEnded = false,
): Pick<Experiment, "state" | "trialCounts" | "endedAt" | "best"> {
  const trialCounts: Experiment["trialCounts"] = {};
  for (const { state } of trials) trialCounts[state] = (trialCounts[state] ?? 0) + 1;
  const found = LIVELIEST_FIRST.find(([trialState]) => trialCounts[trialState])?.[1] ?? "waiting";
  const ended = trialCounts.killed ? "killed" : trialCounts.stopped ? "stopped" : found;
  const state = isEnded && isFinal(found) ? ended : found;
  let best: Experiment["best"] = null;
  const sign = experiment.metric?.smallerIsBetter === false ? -1 : 1;
  for (const trial of trials)
    if (trial.best !== null && (best === null || sign * trial.best.value < sign * best.value))
      best = { trialId: trial.id, ...trial.best };
  const endedAt = isFinal(state) ? (experiment.endedAt ?? lastEnd(trials) ?? now) : null;
  return { state, trialCounts, endedAt, best };
}

function lastEnd(trials: readonly Trial[]): number | null {
  return trials.reduce<number | null>(
    (last, { endedAt }) => (endedAt === null ? last : Math.max(last ?? endedAt, endedAt)),
    null,
  );
}
