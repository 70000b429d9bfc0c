/**
 * When those that wait will start: the scheduler's own decisions, played on from now with what is known of each trial's length.
 * Pure. Played twice, with shorter and with longer lengths, since an estimate is not more than that.
 */
import type { StartsIn } from "../../protocol/scheduling.ts";
import { plan } from "./plan.ts";
import type { PoolView, QueuedTrial } from "./view.ts";

/** How far off an estimate may be: of a trial that has told how far it is, and of one that is only taken to be like the others. */
const KNOWN = { low: 0.85, high: 1.2 };
const UNKNOWN = { low: 0.4, high: 2.5 };
/** Decisions that are played at most: beyond, nothing is said. */
const MOST_DECISIONS = 300;

/**
 * @param wanted the trials that are asked about
 * @returns of each when it starts, in milliseconds from now; who is not in it starts later than is worth saying, or never
 */
export function forecast(view: PoolView, wanted: ReadonlySet<string>): Map<string, StartsIn> {
  const soonest = play(view, "low", wanted);
  const latest = play(view, "high", wanted);
  const both = [...soonest].flatMap(([id, a]): [string, StartsIn][] => {
    const b = latest.get(id);
    return b === undefined ? [] : [[id, { fromMs: Math.min(a, b), toMs: Math.max(a, b) }]];
  });
  return new Map(both);
}

function play(view: PoolView, side: "low" | "high", wanted: ReadonlySet<string>): Map<string, number> {
  const starts = new Map<string, number>();
  let trials = view.trials.map((trial) => ({
    ...trial,
    needMs:
      trial.isNeedKnown || view.isTypicalKnown
        ? trial.needMs * (trial.isNeedKnown ? KNOWN : UNKNOWN)[side]
        : Infinity,
  }));
  let slots = view.slots;
  let nowMs = 0;
  const left = new Set(wanted);
  for (let decisions = 0; decisions < MOST_DECISIONS && left.size > 0; decisions++) {
    const { grants, preempts } = plan({ ...view, slots, trials });
    const granted = new Map(grants.map(({ trialId, slotIds }) => [trialId, slotIds]));
    const asked = new Set(preempts);
    trials = trials.map((trial) => {
      const slotIds = granted.get(trial.id);
      if (slotIds !== undefined) {
        if (left.delete(trial.id)) starts.set(trial.id, nowMs);
        return { ...trial, state: "running" as const, slotIds };
      }
      return asked.has(trial.id) ? { ...trial, state: "leaving" as const } : trial;
    });
    // Whoever leaves needs as long as it takes to write a checkpoint; whoever runs, what it still needs.
    const untilMs = (trial: QueuedTrial) =>
      trial.state === "leaving" ? Math.min(trial.needMs, trial.moveCostMs / 2) : trial.needMs;
    const active = trials.filter(({ state }) => state !== "waiting");
    if (active.length === 0) break;
    const passedMs = Math.min(...active.map(untilMs));
    if (!Number.isFinite(passedMs)) break;
    nowMs += passedMs;
    trials = trials.flatMap((trial): QueuedTrial[] => {
      if (trial.state === "waiting") return [{ ...trial, waitedMs: trial.waitedMs + passedMs }];
      const isOver = untilMs(trial) <= passedMs;
      const needMs = trial.needMs - passedMs;
      if (!isOver) return [{ ...trial, needMs, isNeedKnown: true }];
      if (trial.state === "running" || !asked.has(trial.id)) return [];
      return [{ ...trial, state: "waiting", slotIds: [], needMs: needMs + trial.moveCostMs }];
    });
    slots = freed(slots, trials);
  }
  return starts;
}

/** Slots of this pool's trials are free where none holds them. */
function freed(slots: PoolView["slots"], trials: readonly QueuedTrial[]): PoolView["slots"] {
  const holders = new Map(
    trials.flatMap(({ id, slotIds }) => slotIds.map((slotId) => [slotId, id] as const)),
  );
  return slots.map((slot) => {
    const trialId = holders.get(slot.id) ?? null;
    if (trialId !== null) return { ...slot, state: "held" as const, trialId, usable: false };
    if (slot.trialId === null) return slot;
    return { ...slot, state: "free" as const, trialId: null, usable: true };
  });
}
