/** The calls for lists, and the start of the flow of events, which begins with one. */
import type { Experiments } from "../experiments/service.ts";
import type { Lists } from "../lists/pages.ts";
import type { Handlers } from "../ports.ts";
import type { PoolStore } from "../store/poolStore.ts";

type ListCalls = "subscribe" | "experiment/page" | "trial/page" | "trial/get" | "experiment/read";

export function createListHandlers(
  store: PoolStore,
  experiments: Experiments,
  lists: Lists,
): Pick<Handlers, ListCalls> {
  return {
    async subscribe({ after, bounded }, { clientId }) {
      const slots = await experiments.dispatcher.readSlots();
      // No await from here on: the snapshot and its number are of one moment.
      const { seq, canReplay } = experiments.feed.subscribe(clientId, after);
      experiments.wake();
      if (bounded !== undefined) lists.warm();
      if (canReplay) return { seq, snapshot: null };
      if (bounded !== undefined) return { seq, snapshot: { ...lists.bounded(bounded.experiments), slots } };
      return {
        seq,
        snapshot: {
          experiments: store.experiments(),
          trials: store.trials(),
          runs: store.runs(),
          checkpoints: store.checkpoints(),
          slots,
        },
      };
    },
    "experiment/page": (asked) => lists.experiments(asked),
    "trial/page": (asked) => lists.trials(asked),
    "trial/get": (asked) => lists.trial(asked),
    "experiment/read": (asked) => lists.part(asked),
  };
}
