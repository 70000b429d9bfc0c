/** What a search has decided, in the words of the protocol: trials by their ids, values as they were reported. Pure. */
import type { Bracket, Rung, SearchState } from "../../protocol/search.ts";
import { adaptiveAsha, asyncHalving, unwrap } from "../../search/adaptive.ts";
import { goOn, WORST, type HalvingSettings, type HalvingState } from "../../search/halving.ts";
import { searcherOf } from "../../search/searchers.ts";
import type { Search } from "../../search/searcher.ts";
import { halvingSettings, timeMetricOf } from "../../search/settings.ts";
import type { ExperimentRecord } from "../store/records.ts";
import { searchOf } from "./search.ts";

export function searchStateOf({ experiment, own }: ExperimentRecord): SearchState {
  const searcher = searcherOf(own.searcher);
  const search = searchOf(own);
  const { configuration } = search;
  const hasRungs = searcher === adaptiveAsha || searcher === asyncHalving;
  return {
    progress: Math.min(1, Math.max(0, searcher?.progress(own.searcher, search) ?? 0)),
    trialsPlanned: experiment.trialsPlanned,
    smallerIsBetter: configuration.smaller_is_better,
    timeMetric: timeMetricOf(configuration),
    brackets: hasRungs
      ? halvingSettings(configuration).flatMap((settings, index) => {
          const bracket = unwrap(own.searcher).brackets[index];
          return bracket === undefined ? [] : [bracketOf(settings, bracket, experiment.id, configuration)];
        })
      : null,
    space: search.space.axes,
  };
}

function bracketOf(
  settings: HalvingSettings,
  { rungs, trials, added }: HalvingState,
  experimentId: number,
  { smaller_is_better }: Search["configuration"],
): Bracket {
  const idOf = (trial: number | string) => `${experimentId}.${trial}`;
  const reported = (value: number) => (value === WORST ? null : smaller_is_better ? value : -value);
  const top = rungs.length - 1;
  return {
    trialsPlanned: settings.maxTrials + (added?.length ?? 0),
    variant: settings.variant,
    rungs: rungs.map(({ units, entries }, index): Rung => {
      const last = index === top ? undefined : entries[goOn(settings, entries.length) - 1];
      const coming = Object.entries(trials).filter(
        ([, trial]) => trial.state === "training" && trial.rung === index,
      );
      return {
        units,
        entries: entries.map(({ trial, value, promoted }) => ({
          trialId: idOf(trial),
          value: reported(value),
          promoted,
        })),
        cut: last === undefined ? null : reported(last.value),
        coming: coming.map(([number]) => idOf(number)),
      };
    }),
  };
}
