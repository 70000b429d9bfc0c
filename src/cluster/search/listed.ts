/** `single`, `random` and `grid`: as many trials as were asked for, so many at a time, each trained to its end. Pure. */
import type { Json, JsonObject } from "../protocol/base.ts";
import { createTrial } from "./creation.ts";
import { RandomStream, type RandomPosition } from "./random.ts";
import type { Decision, Search, Searcher, SearcherEvent, SearcherState } from "./searcher.ts";
import { maxConcurrentTrials } from "./settings.ts";

interface ListedState {
  random: RandomPosition;
  created: number;
  /** Refused their hyperparameters. */
  invalid: number;
  ended: number;
  /** Numbers of those that were added by hand, which count in `created` alone. Absent: none. */
  added?: number[];
}
interface Kind {
  name: "single" | "random" | "grid";
  count: (search: Search) => number;
  /** Absent: they are drawn. */
  point?: (search: Search, index: number) => JsonObject;
  concurrent: (search: Search) => number;
  /** Another trial is drawn for one that refused its hyperparameters; at most as many as there are trials in all. */
  redraws: boolean;
}

const VERSION = 1;

function listed({ name, count, point, concurrent, redraws }: Kind): Searcher {
  const wrap = (data: ListedState): SearcherState => ({
    name,
    version: VERSION,
    data: data as unknown as Json,
  });
  const unwrap = (state: SearcherState): ListedState => state.data as unknown as ListedState;

  function make(before: ListedState, search: Search, wanted: number): Decision {
    const random = new RandomStream(before.random);
    const again = redraws ? Math.min(before.invalid, count(search)) : 0;
    const made = before.created - (before.added?.length ?? 0);
    const open = count(search) + again - made;
    const actions = Array.from({ length: Math.max(0, Math.min(wanted, open)) }, (_, index) =>
      createTrial(before.created + index + 1, search.space, random, point?.(search, made + index)),
    );
    const created = before.created + actions.length;
    return { state: wrap({ ...before, random: random.position, created }), actions };
  }

  return {
    name,
    version: VERSION,
    begin: ({ experimentSeed }) =>
      wrap({ random: { seed: experimentSeed, taken: 0 }, created: 0, invalid: 0, ended: 0 }),
    decide(state: SearcherState, event: SearcherEvent, search: Search): Decision {
      if (event.type === "validated") return { state, actions: [] };
      const before = unwrap(state);
      const atOnce = concurrent(search) || Infinity;
      if (event.type === "started") return make(before, search, atOnce);
      if (event.type === "changed") {
        const living = before.created - (before.added?.length ?? 0) - before.ended;
        const decision = make(before, search, atOnce - living);
        return decision.actions.length === 0 ? { state, actions: [] } : decision;
      }
      if (event.type === "trialAdded") {
        const random = new RandomStream(before.random);
        const number = before.created + 1;
        const action = createTrial(number, search.space, random, event.hyperparameters);
        const added = [...(before.added ?? []), number];
        return {
          state: wrap({ ...before, random: random.position, created: number, added }),
          actions: [action],
        };
      }
      if (before.added?.includes(event.number)) return { state, actions: [] };
      const invalid = before.invalid + (event.how === "invalid" ? 1 : 0);
      return make({ ...before, invalid, ended: before.ended + 1 }, search, 1);
    },
    planned: count,
    progress: (state, search) => {
      const { ended, invalid } = unwrap(state);
      return Math.min(1, (ended - invalid) / Math.max(1, count(search)));
    },
  };
}

export const single = listed({
  name: "single",
  count: () => 1,
  concurrent: () => 1,
  redraws: false,
});

export const random = listed({
  name: "random",
  count: ({ configuration }) => configuration.max_trials ?? 1,
  concurrent: ({ configuration }) => maxConcurrentTrials(configuration),
  redraws: true,
});

export const grid = listed({
  name: "grid",
  count: ({ space }) => space.gridSize,
  point: ({ space }, index) => space.gridPoint(index),
  concurrent: ({ configuration }) => maxConcurrentTrials(configuration),
  redraws: false,
});
