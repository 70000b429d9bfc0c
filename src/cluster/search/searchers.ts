/** Which searchers there are, also in the versions that running experiments still need. */
import { adaptiveAsha, asyncHalving } from "./adaptive.ts";
import { grid, random, single } from "./listed.ts";
import type { Searcher, SearcherState } from "./searcher.ts";

const SEARCHERS: readonly Searcher[] = [single, random, grid, asyncHalving, adaptiveAsha];

/** The newest version of a searcher, for a new experiment. */
export function findSearcher(name: string): Searcher | undefined {
  return SEARCHERS.find((searcher) => searcher.name === name);
}

/** The searcher that a running experiment began with. */
export function searcherOf(state: SearcherState): Searcher | undefined {
  return SEARCHERS.find(({ name, version }) => name === state.name && version === state.version);
}
