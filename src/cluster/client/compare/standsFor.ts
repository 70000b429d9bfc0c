/** Which trial an experiment is compared by. Pure. */
import type { Experiment, Trial } from "../../protocol/entities.ts";

/** Its best; while none has a value the first. Null while it has none at all. */
export function standsFor(experiment: Pick<Experiment, "best">, trials: readonly Trial[]): Trial | null {
  const best = trials.find(({ id }) => id === experiment.best?.trialId);
  return best ?? trials[0] ?? null;
}
