/**
 * Who gets which slots, and who gives some back for it. Pure. The pool is filled anew in the order of order.ts, as if it were
 * empty but for those who cannot be moved; who is left out and runs is asked for its slots, and only for somebody who gets them.
 *
 * The first in line that does not fit for those who cannot be moved is not delayed by others: behind it only starts who ends before
 * it could, or gives its slots back when they are asked for (EASY backfilling, Lifka 1995, with preemption).
 */
import { canBePreempted, serveOrder, type Ranked } from "./order.ts";
import type { OfferedSlot, PoolView, QueuedTrial } from "./view.ts";

/** Why a trial gets no slots now. */
export type Wait =
  /** More than the pool has. */
  | { why: "impossible" }
  /** Slots that are no trial's of this pool: nobody knows when those come free, so nobody else is held up for it. */
  | { why: "heldByOthers" }
  /** Its experiment, or its user, holds as many as it may. */
  | { why: "experimentLimit" | "userLimit"; limit: number }
  /** Its turn: the slots are being given back for it, by these. */
  | { why: "comingFree"; from: readonly string[] }
  /** The first who does not fit: others cannot be moved. */
  | { why: "firstInLine" }
  /** It would fit, but might delay the first in line. */
  | { why: "reserved"; first: string };

export interface Plan {
  grants: { trialId: string; slotIds: string[] }[];
  /** Who is asked for its slots. */
  preempts: string[];
  /** Who waits and gets nothing yet, who is served first first. */
  queue: QueuedTrial[];
  /** Why, where it is more than that the slots are others'. */
  waits: Map<string, Wait>;
}

export function plan(view: PoolView): Plan {
  const { placed, victims, queue, waits } = fill(view, serveOrder(view));
  const grants: Plan["grants"] = [];
  // Who does not get all its slots keeps those that are free for when the others come.
  const free = view.slots.filter(isFree).map(({ id }) => id);
  const leaving = view.trials.filter(({ state }) => state === "leaving");
  const from = [...victims, ...leaving].map(({ id }) => id);
  for (const { id, slots } of placed) {
    const own = free.splice(0, slots);
    if (own.length === slots) grants.push({ trialId: id, slotIds: own });
    else waits.set(id, { why: "comingFree", from });
  }
  const granted = new Set(grants.map(({ trialId }) => trialId));
  return {
    grants,
    preempts: victims.map(({ id }) => id),
    queue: queue.filter(({ id }) => !granted.has(id)),
    waits,
  };
}

interface Filled {
  /** Who waits and is to have slots, in order. */
  placed: QueuedTrial[];
  /** Who runs and is not to. */
  victims: QueuedTrial[];
  /** All who wait, in order. */
  queue: QueuedTrial[];
  waits: Map<string, Wait>;
}

function fill(view: PoolView, order: readonly Ranked[]): Filled {
  const working = view.slots.filter(({ state }) => state !== "unusable").length;
  const own = view.slots.filter((slot) => isFree(slot) || slot.trialId !== null).length;
  const room = createRoom(view);
  const filled: Filled = { placed: [], victims: [], queue: [], waits: new Map() };
  let first: { id: string; startsInMs: number } | null = null;
  for (const { trial } of order) {
    const isWaiting = trial.state === "waiting";
    if (isWaiting) filled.queue.push(trial);
    const refused =
      trial.slots > working ? IMPOSSIBLE : trial.slots > own ? HELD_BY_OTHERS : room.limit(trial);
    const fits = refused === null && trial.slots <= room.free();
    if (fits && (first === null || !isWaiting || cannotDelay(trial, first.startsInMs))) {
      room.take(trial);
      if (isWaiting) filled.placed.push(trial);
    } else if (!isWaiting) filled.victims.push(trial);
    else if (refused !== null) filled.waits.set(trial.id, refused);
    else if (first === null) {
      first = { id: trial.id, startsInMs: room.startsInMs(trial.slots) };
      filled.waits.set(trial.id, { why: "firstInLine" });
    } else if (fits) filled.waits.set(trial.id, { why: "reserved", first: first.id });
  }
  return filled;
}

const IMPOSSIBLE = { why: "impossible" } as const;
const HELD_BY_OTHERS = { why: "heldByOthers" } as const;
const isFree = ({ usable, state }: OfferedSlot) => usable && state === "free";

/** Whether the first in line starts no later for it. */
function cannotDelay(
  { slots, isPreemptible, isNeedKnown, needMs }: QueuedTrial,
  firstStartsInMs: number,
): boolean {
  return slots === 0 || isPreemptible || (isNeedKnown && needMs <= firstStartsInMs);
}

/** What is left of the pool while it is filled. */
function createRoom({ slots, trials, experiments, users }: PoolView) {
  let free = slots.filter(isFree).length;
  const ofExperiment = new Map<number, number>();
  const ofUser = new Map<string, number>();
  const pinned: QueuedTrial[] = [];
  const userOf = ({ experimentId }: QueuedTrial) => experiments.get(experimentId)?.user ?? "";
  const count = (trial: QueuedTrial) => {
    ofExperiment.set(trial.experimentId, (ofExperiment.get(trial.experimentId) ?? 0) + trial.slots);
    ofUser.set(userOf(trial), (ofUser.get(userOf(trial)) ?? 0) + trial.slots);
  };
  for (const trial of trials) {
    if (trial.state === "waiting") continue;
    if (trial.state === "leaving" || canBePreempted(trial)) free += trial.slotIds.length;
    else {
      pinned.push(trial);
      count(trial);
    }
  }
  pinned.sort((a, b) => a.needMs - b.needMs);
  return {
    free: () => free,
    take(trial: QueuedTrial): void {
      free -= trial.slots;
      count(trial);
    },
    /** @returns the limit that it would go over */
    limit(trial: QueuedTrial): Wait | null {
      const { maxSlots } = experiments.get(trial.experimentId) ?? { maxSlots: null };
      if (maxSlots !== null && (ofExperiment.get(trial.experimentId) ?? 0) + trial.slots > maxSlots)
        return { why: "experimentLimit", limit: maxSlots };
      const most = users.get(userOf(trial))?.maxSlots ?? null;
      if (most !== null && (ofUser.get(userOf(trial)) ?? 0) + trial.slots > most)
        return { why: "userLimit", limit: most };
      return null;
    },
    /** When so many slots can be free at the earliest, if those who cannot be moved need no longer than they say; 0 when it is not known. */
    startsInMs(needed: number): number {
      let coming = free;
      for (const trial of pinned) {
        if (!trial.isNeedKnown) return 0;
        coming += trial.slots;
        if (coming >= needed) return trial.needMs;
      }
      return 0;
    },
  };
}
