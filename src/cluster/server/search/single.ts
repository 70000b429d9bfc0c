/** One trial with the constants of the configuration. */
import type { Searcher } from "./searcher.ts";
import { trialSeed } from "./seeds.ts";

export const single: Searcher = {
  name: "single",
  version: 1,
  begin: () => ({ name: "single", version: 1, data: {} }),
  decide: (state, event, space) => ({
    state,
    actions:
      event.type === "started"
        ? [
            {
              type: "createTrial",
              number: 1,
              hyperparameters: space.hyperparameters,
              seed: trialSeed(space.experimentSeed, 1),
            },
          ]
        : [],
  }),
  planned: () => 1,
};
