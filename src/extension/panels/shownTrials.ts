/** Whose curves a page is fed with. Pure. */
import type { Experiment, Trial } from "../../cluster/protocol/entities.ts";
import { sortTrials } from "../views/nodes.ts";
import { isFinal } from "../views/states.ts";

/** As many as the pool tells of; the best and the living count. */
const MOST_TRIALS = 1000;

export function shownTrials(
  experiment: Pick<Experiment, "metric">,
  trials: readonly Trial[],
  selected: string | null,
): string[] {
  if (selected !== null && trials.some(({ id }) => id === selected)) return [selected];
  if (trials.length <= MOST_TRIALS) return trials.map(({ id }) => id);
  const best = sortTrials(trials, experiment.metric);
  const living = best.filter((trial) => !isFinal(trial.state) && trial.startedAt !== null);
  return [...new Set([...living.slice(0, MOST_TRIALS / 2), ...best])]
    .slice(0, MOST_TRIALS)
    .map(({ id }) => id);
}
