/** What people ask of the queue: who waits for what, when somebody would start, and to change who comes first. */
import { CallError } from "../callError.ts";
import type { Params, Result } from "../../protocol/methods.ts";
import type { Context } from "./context.ts";

export type Queue = ReturnType<typeof createQueue>;

/** @param onChange somebody may come first now who did not before */
export function createQueue({ store }: Context, onChange: () => void) {
  return {
    waiting: (): Result<"queue/state">["waiting"] =>
      store.trialsIn("waiting").map(({ trial }, index) => ({
        trialId: trial.id,
        experimentId: trial.experimentId,
        place: index + 1,
        slots: store.experiment(trial.experimentId)?.experiment.slotsPerTrial ?? 1,
        reason: trial.waitReason ?? "Waits for its turn.",
        startsIn: null,
        change: null,
      })),

    forecast(_asked: Params<"queue/forecast">): Result<"queue/forecast"> {
      return { startsIn: null, reason: "Nothing is known of how long the others take.", preempts: [] };
    },

    setResources({
      experimentId,
      confirm,
      ...change
    }: Params<"experiment/setResources">): Result<"experiment/setResources"> {
      const record = store.experiment(experimentId);
      if (record === null)
        throw new CallError(
          "notFound",
          `There is no experiment ${experimentId} in this pool.`,
          "It may have been deleted.",
        );
      if (confirm) {
        const { experiment } = record;
        experiment.priority = change.priority ?? experiment.priority;
        experiment.weight = change.weight ?? experiment.weight;
        if (change.maxSlots !== undefined) experiment.maxSlots = change.maxSlots;
        store.putExperiment(record);
        onChange();
      }
      return { preempts: [], starts: [] };
    },
  };
}
