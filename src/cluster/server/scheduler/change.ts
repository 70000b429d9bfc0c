/** The smallest change that would start a trial which waits, found by trying. Pure. */
import type { QueueChange } from "../../protocol/scheduling.ts";
import { plan, type Plan } from "./plan.ts";
import type { ExperimentShare, PoolView, QueuedTrial } from "./view.ts";

/** @returns the view as if the experiment's share were another */
export function withShare(view: PoolView, experimentId: number, change: Partial<ExperimentShare>): PoolView {
  const share = view.experiments.get(experimentId);
  if (share === undefined) return view;
  return { ...view, experiments: new Map(view.experiments).set(experimentId, { ...share, ...change }) };
}

/** @returns who would be granted slots, now or when those of the preempted are free */
export function startedBy({ grants, waits }: Plan): Set<string> {
  const soon = [...waits].filter(([, { why }]) => why === "comingFree").map(([id]) => id);
  return new Set([...grants.map(({ trialId }) => trialId), ...soon]);
}

/** A limit is lifted before a priority is changed, and that before somebody else is paused. */
export function smallestChange(view: PoolView, trial: QueuedTrial, wait: Plan): QueueChange | null {
  const why = wait.waits.get(trial.id)?.why;
  if (why === "impossible" || why === "comingFree" || why === "userLimit" || why === "heldByOthers")
    return null;
  const share = view.experiments.get(trial.experimentId);
  if (share === undefined) return null;
  if (why === "experimentLimit") return liftedLimit(view, trial, share);
  return betterPriority(view, trial, share) ?? pausedOther(view, trial);
}

function liftedLimit(view: PoolView, trial: QueuedTrial, share: ExperimentShare): QueueChange | null {
  const holds = view.trials
    .filter(({ experimentId, state }) => experimentId === trial.experimentId && state !== "waiting")
    .reduce((sum, { slotIds }) => sum + slotIds.length, 0);
  const maxSlots = Math.max(share.maxSlots ?? 0, holds) + trial.slots;
  if (!startedBy(plan(withShare(view, trial.experimentId, { maxSlots }))).has(trial.id)) return null;
  const { experimentId } = trial;
  return { type: "maxSlots", text: `Let it hold ${maxSlots} slots`, experimentId, maxSlots };
}

/** The highest number that is enough, so that no more is overtaken than must be. */
function betterPriority(view: PoolView, trial: QueuedTrial, share: ExperimentShare): QueueChange | null {
  const others = [...view.experiments.values()].map(({ priority }) => priority);
  const candidates = [...new Set([...others, ...others.map((priority) => priority - 1)])]
    .filter((priority) => priority >= 1 && priority < share.priority)
    .sort((a, b) => b - a);
  for (const priority of candidates) {
    const planned = plan(withShare(view, trial.experimentId, { priority }));
    if (!startedBy(planned).has(trial.id)) continue;
    const { experimentId } = trial;
    return {
      type: "priority",
      text: `Set its priority to ${priority}`,
      experimentId,
      priority,
      preempts: planned.preempts,
    };
  }
  return null;
}

/** Of those that can be paused: who would be longest in the way. */
function pausedOther(view: PoolView, trial: QueuedTrial): QueueChange | null {
  const inTheWay = view.trials
    .filter(({ state, isPreemptible, slots }) => state === "running" && isPreemptible && slots > 0)
    .sort((a, b) => b.needMs - a.needMs);
  for (const other of inTheWay) {
    const trials = view.trials.map((each) =>
      each.id === other.id ? { ...each, state: "leaving" as const } : each,
    );
    if (startedBy(plan({ ...view, trials })).has(trial.id))
      return { type: "pause", text: `Pause trial ${other.id}`, trialId: other.id };
  }
  return null;
}
