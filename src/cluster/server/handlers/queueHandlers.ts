/** The calls about the queue: who waits for what, and who had which slot. */
import type { SlotSpan } from "../../protocol/scheduling.ts";
import type { Context } from "../experiments/context.ts";
import type { Experiments } from "../experiments/service.ts";
import type { Handlers } from "../ports.ts";

type QueueCalls =
  "queue/state" | "queue/forecast" | "experiment/setResources" | "trial/preempt" | "pool/history";

export function createQueueHandlers(
  { store }: Context,
  experiments: Experiments,
): Pick<Handlers, QueueCalls> {
  return {
    async "queue/state"() {
      await experiments.dispatcher.readSlots();
      return { waiting: experiments.queue.waiting() };
    },
    async "queue/forecast"(asked) {
      await experiments.dispatcher.readSlots();
      return experiments.queue.forecast(asked);
    },
    async "experiment/setResources"(change) {
      await experiments.dispatcher.readSlots();
      return experiments.queue.setResources(change);
    },
    "trial/preempt"({ trialId, evenWithoutCheckpoint }) {
      experiments.preempt(trialId, evenWithoutCheckpoint);
      return {};
    },
    "pool/history": ({ from }) => ({
      spans: store.runsSince(from).flatMap((run): SlotSpan[] => {
        const { id: runId, trialId, slots, startedAt, endedAt } = run;
        if (startedAt === null) return [];
        const experimentId = Number(trialId.split(".")[0]);
        return slots.map((slotId) => ({
          slotId,
          runId,
          trialId,
          experimentId,
          from: startedAt,
          to: endedAt,
        }));
      }),
      use: experiments.slotUse.since(from),
    }),
  };
}
