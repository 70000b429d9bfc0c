/** What people ask of the queue: who waits for what, when somebody would start, and to change who comes first. */
import { CallError } from "../callError.ts";
import { DEFAULT_PRIORITY } from "../../protocol/entities.ts";
import type { Params, Result } from "../../protocol/methods.ts";
import { smallestChange, startedBy, withShare } from "../scheduler/change.ts";
import { forecast } from "../scheduler/forecast.ts";
import { plan } from "../scheduler/plan.ts";
import { waitReasons } from "../scheduler/reasons.ts";
import type { ExperimentShare, PoolView, QueuedTrial } from "../scheduler/view.ts";
import type { Context } from "./context.ts";
import type { Dispatcher } from "./dispatcher.ts";

/** Of so many of the first it is worked out when they start, and what would start them now. */
const FORECAST = 50;
const CHANGED = 10;
/** Who waits further behind than this changes nothing for those, and would make thousands of decisions slow. */
const NEAREST = 100;
/** An experiment that is not there: the one that is asked about. */
const ASKED = 0;

export type Queue = ReturnType<typeof createQueue>;

/** @param onChange somebody may come first now who did not before */
export function createQueue({ store }: Context, dispatcher: Dispatcher, onChange: () => void) {
  return {
    waiting(): Result<"queue/state">["waiting"] {
      const view = dispatcher.view();
      const planned = plan(view);
      const waits = planned.queue;
      const near = nearest(view, waits);
      const startsIn = forecast(near, new Set(waits.slice(0, FORECAST).map(({ id }) => id)));
      return waits.map((trial, index) => ({
        trialId: trial.id,
        experimentId: trial.experimentId,
        place: index + 1,
        slots: trial.slots,
        reason: store.trial(trial.id)?.trial.waitReason ?? "Waits for its turn.",
        startsIn: startsIn.get(trial.id) ?? null,
        change: index < CHANGED ? smallestChange(near, trial, planned) : null,
      }));
    },

    forecast(asked: Params<"queue/forecast">): Result<"queue/forecast"> {
      const now = dispatcher.view();
      const before = plan(now);
      const view = withAsked(nearest(now, before.queue), asked);
      const planned = plan(view);
      const trialId = String(ASKED);
      if (planned.grants.some((grant) => grant.trialId === trialId))
        return { startsIn: { fromMs: 0, toMs: 0 }, reason: "Starts now.", preempts: [] };
      const preempts = planned.preempts.filter((id) => !before.preempts.includes(id));
      return {
        // Behind so many nothing is known.
        startsIn:
          before.queue.length > NEAREST && planned.waits.get(trialId)?.why !== "comingFree"
            ? null
            : (forecast(view, new Set([trialId])).get(trialId) ?? null),
        reason: waitReasons(view, planned).get(trialId) ?? "Waits for its turn.",
        preempts: planned.waits.get(trialId)?.why === "comingFree" ? preempts : [],
      };
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
      const { experiment } = record;
      const wanted: Pick<ExperimentShare, "priority" | "weight" | "maxSlots"> = {
        priority: change.priority ?? experiment.priority,
        weight: change.weight ?? experiment.weight,
        maxSlots: change.maxSlots === undefined ? experiment.maxSlots : change.maxSlots,
      };
      const view = dispatcher.view();
      const now = plan(view);
      const then = plan(withShare(view, experimentId, wanted));
      const starting = startedBy(now);
      if (confirm) {
        Object.assign(experiment, wanted);
        store.putExperiment(record);
        onChange();
      }
      return {
        preempts: then.preempts.filter((id) => !now.preempts.includes(id)),
        starts: [...startedBy(then)].filter((id) => !starting.has(id)),
      };
    },
  };
}

/** @param waits in the order in which they are served */
function nearest(view: PoolView, waits: readonly QueuedTrial[]): PoolView {
  if (waits.length <= NEAREST) return view;
  const near = new Set(waits.slice(0, NEAREST).map(({ id }) => id));
  return { ...view, trials: view.trials.filter(({ id, state }) => state !== "waiting" || near.has(id)) };
}

/** The pool with one more trial at the end of the queue, of an experiment of its own. */
function withAsked(view: PoolView, { slots, priority }: Params<"queue/forecast">): PoolView {
  const user = [...view.experiments.values()][0]?.user ?? "";
  const asked: QueuedTrial = {
    id: String(ASKED),
    experimentId: ASKED,
    slots,
    state: "waiting",
    slotIds: [],
    place: Date.now(),
    waitedMs: 0,
    needMs: view.typicalMs,
    isNeedKnown: false,
    isPreemptible: false,
    isProven: false,
    moveCostMs: 0,
  };
  return {
    ...view,
    trials: [...view.trials, asked],
    experiments: new Map(view.experiments).set(ASKED, {
      user,
      priority: priority ?? DEFAULT_PRIORITY,
      weight: 1,
      maxSlots: null,
      recentSlots: 0,
    }),
  };
}
