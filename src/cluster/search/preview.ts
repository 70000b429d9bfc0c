/** What a search would do, before it runs: its brackets, how many trials train how long, the first trials themselves. Pure. */
import type { JsonObject } from "../protocol/base.ts";
import { rungUnits } from "./brackets.ts";
import { createTrial, type Creation } from "./creation.ts";
import { goOn } from "./halving.ts";
import { RandomStream } from "./random.ts";
import type { Search } from "./searcher.ts";
import { findSearcher } from "./searchers.ts";
import { halvingSettings, maxConcurrentTrials, maxTimeOf } from "./settings.ts";

export interface SearchPreview {
  brackets: { rungs: number; trials: number; concurrency: number }[];
  /** Trials by how long they train, the shortest first, when at each rung just the best 1/divisor go on. */
  lengths: { units: number; trials: number }[];
  /** Of all trials together; null where no length is stated. */
  totalUnits: number | null;
  /** The same if every trial trained to the end. */
  fullUnits: number | null;
  trials: number;
}

/** The configuration is checked already. @throws Error for a searcher that there is not */
export function previewSearch(search: Search): SearchPreview {
  const { configuration } = search;
  const trials = findSearcher(configuration.name)?.planned(search);
  if (trials === undefined || trials === null) throw new Error(`no searcher ${configuration.name}`);
  const isHalving = configuration.name === "adaptive_asha" || configuration.name === "async_halving";
  const maxTime = maxTimeOf(configuration);
  if (!isHalving) {
    const atOnce = configuration.name === "single" ? 1 : maxConcurrentTrials(configuration);
    const total = maxTime === null ? null : maxTime * trials;
    return {
      brackets: [{ rungs: 1, trials, concurrency: atOnce === 0 ? trials : Math.min(atOnce, trials) }],
      lengths: maxTime === null ? [] : [{ units: maxTime, trials }],
      totalUnits: total,
      fullUnits: total,
      trials,
    };
  }
  const lengths = new Map<number, number>();
  const brackets = halvingSettings(configuration).map((settings) => {
    const units = rungUnits(settings.rungs, settings.maxTime, settings.divisor);
    let here = settings.maxTrials;
    for (const [index, length] of units.entries()) {
      const isTop = index === units.length - 1;
      const best = isTop ? 0 : goOn({ ...settings, variant: "stopping" }, here);
      lengths.set(length, (lengths.get(length) ?? 0) + here - best);
      here = best;
    }
    return {
      rungs: settings.rungs,
      trials: settings.maxTrials,
      concurrency: settings.maxConcurrentTrials,
    };
  });
  const sorted = [...lengths]
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => a - b)
    .map(([units, count]) => ({ units, trials: count }));
  return {
    brackets,
    lengths: sorted,
    totalUnits: sorted.reduce((sum, { units, trials: count }) => sum + units * count, 0),
    fullUnits: trials * (maxTime ?? 0),
    trials,
  };
}

/** The first trials in the order of their creation, fewer where there are not so many. */
export function firstTrials(search: Search, most: number): Creation[] {
  const random = new RandomStream({ seed: search.experimentSeed, taken: 0 });
  const planned = findSearcher(search.configuration.name)?.planned(search) ?? 0;
  const pointOf = (index: number): JsonObject | undefined =>
    search.configuration.name === "grid" ? search.space.gridPoint(index) : undefined;
  return Array.from({ length: Math.min(most, planned) }, (_, index) =>
    createTrial(index + 1, search.space, random, pointOf(index)),
  );
}
