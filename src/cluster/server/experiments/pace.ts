/** How long trials of a script took for a unit of the time metric: what a preview tells of a search's time. */
import type { Params } from "../../protocol/methods.ts";
import type { Pace } from "../../protocol/search.ts";
import { timeMetricOf } from "../../search/settings.ts";
import type { PoolStore } from "../store/poolStore.ts";

/** What was usual before these says little. */
const NEWEST_EXPERIMENTS = 20;
const NEWEST_TRIALS = 100;

/** The middle half of the trials, so that one that hung, or was stopped at its first step, moves nothing. */
export function paceOf(
  store: PoolStore,
  { script, configuration, timeMetric, slotsPerTrial }: Params<"search/pace">,
): Pace | null {
  const msPerUnit = store
    .newestOf(script, configuration, NEWEST_EXPERIMENTS)
    .filter(
      ({ experiment, own }) =>
        experiment.slotsPerTrial === slotsPerTrial &&
        timeMetricOf(own.request.configuration.value.searcher) === timeMetric,
    )
    .flatMap(({ experiment }) => store.trainedOf(experiment.id))
    .slice(0, NEWEST_TRIALS)
    .map(({ heldMs, units }) => heldMs / units)
    .sort((a, b) => a - b);
  if (msPerUnit.length === 0) return null;
  const at = (share: number): number => msPerUnit[Math.round(share * (msPerUnit.length - 1))] ?? 0;
  return { fastMsPerUnit: at(0.25), slowMsPerUnit: at(0.75), trials: msPerUnit.length };
}
