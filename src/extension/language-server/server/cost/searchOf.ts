/** The search that an experiment document writes down, as far as it can be read: what is wrong elsewhere in it does not matter. Pure. */
import { ExperimentConfiguration } from "../../../../cluster/protocol/configuration.ts";
import { previewSearch, type SearchPreview } from "../../../../cluster/search/preview.ts";
import type { Search } from "../../../../cluster/search/searcher.ts";
import { findSearcher } from "../../../../cluster/search/searchers.ts";
import { halvingSettings, missingSettings, timeMetricOf } from "../../../../cluster/search/settings.ts";
import { readSpace } from "../../../../cluster/search/space.ts";

const {
  searcher: Searcher,
  resources: Resources,
  hyperparameters: Hyperparameters,
} = ExperimentConfiguration.shape;

/** A submit refuses more trials. */
const MOST_TRIALS = 100_000;
/** More than any search has; their lengths are listed one by one. */
const MOST_RUNGS = 1000;

export interface WrittenSearch {
  readonly preview: SearchPreview;
  readonly timeMetric: string | null;
  readonly slotsPerTrial: number;
  readonly maxSlots: number | null;
  readonly priority: number | null;
}

/** Null: it is not whole, or no submit would take it. */
export function searchOf(value: unknown): WrittenSearch | null {
  if (typeof value !== "object" || value === null) return null;
  const written = value as Readonly<Record<string, unknown>>;
  const searcher = Searcher.safeParse(written.searcher ?? undefined);
  const resources = Resources.safeParse(written.resources ?? undefined);
  const hyperparameters = Hyperparameters.safeParse(written.hyperparameters ?? undefined);
  if (!searcher.success || !resources.success || !hyperparameters.success) return null;
  const space = readSpace(hyperparameters.data);
  if ("problems" in space) return null;
  const search = { configuration: searcher.data, space: space.space, experimentSeed: 0 };
  return isWhole(search)
    ? {
        preview: previewSearch(search),
        timeMetric: timeMetricOf(searcher.data),
        slotsPerTrial: resources.data.slots_per_trial,
        maxSlots: resources.data.max_slots ?? null,
        priority: resources.data.priority ?? null,
      }
    : null;
}

function isWhole(search: Search): boolean {
  const { configuration, space } = search;
  const searcher = findSearcher(configuration.name);
  if (!searcher || missingSettings(configuration).length > 0) return false;
  if (configuration.name === "grid" && space.uncounted.length > 0) return false;
  if (configuration.name === "adaptive_asha" || configuration.name === "async_halving") {
    const brackets = halvingSettings(configuration);
    if (brackets.reduce((sum, { rungs }) => sum + rungs, 0) > MOST_RUNGS) return false;
  }
  const trials = searcher.planned(search);
  return trials !== null && trials <= MOST_TRIALS;
}
