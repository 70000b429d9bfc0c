/** Asks the scheduler whenever something may have changed, and tells everyone else why they wait. */
import type { Slot } from "../../protocol/entities.ts";
import type { SlotReading } from "../ports.ts";
import { schedule, type OfferedSlot } from "../scheduler/schedule.ts";
import type { Context } from "./context.ts";
import type { Engine } from "./engine.ts";
import { inQueueReason } from "./waiting.ts";

export type Dispatcher = ReturnType<typeof createDispatcher>;

/** @param onNews the tools have described the slots anew */
export function createDispatcher(context: Context, engine: Engine, onNews: () => void) {
  const { store } = context;
  let lastSlots = "";
  let current: Slot[] = [];
  /** What the loop will be woken by. */
  let expected: Promise<void> | null = null;

  /** @returns the slots as this pool sees them: its own trials hold theirs, whatever the leases say just now */
  function withOwnTrials(slots: readonly Slot[]): Slot[] {
    const holders = new Map<string, string>();
    for (const { trial } of store.trialsIn("starting", "running", "pausing", "stopping"))
      for (const id of trial.slots) holders.set(id, trial.id);
    return slots.map((slot) => {
      const trialId = holders.get(slot.id);
      if (trialId !== undefined && slot.state !== "unusable")
        return { ...slot, state: "held", trialId, detail: `held by trial ${trialId}` };
      return slot;
    });
  }

  async function look(): Promise<Pick<SlotReading, "news">> {
    const { slots, news } = await context.slots.read();
    if (news !== null && news !== expected) void news.then(onNews);
    expected = news;
    current = withOwnTrials(slots);
    // Use of memory and time changes all the while; who wants that asks for pool/status.
    const text = JSON.stringify(
      current.map(({ id, name, state, detail, trialId }) => [id, name, state, detail, trialId]),
    );
    if (text !== lastSlots) {
      lastSlots = text;
      store.putSlots(current);
    }
    return { news };
  }

  return {
    /** The slots as the tools described them last; the next round of the loop tells what has changed. */
    async readSlots(): Promise<Slot[]> {
      await look();
      return current;
    },
    /** The slots as last seen. */
    slots: () => current,
    /** The slots as they are: waits for the tools. */
    async readSlotsAnew(): Promise<Slot[]> {
      await (
        await look()
      ).news;
      await look();
      return current;
    },
    /** @returns whether somebody waits */
    async dispatch(): Promise<boolean> {
      if (store.trialCount("waiting") === 0) return false;
      // What was free a while ago may be in somebody's use: nothing starts before the tools have answered.
      if ((await look()).news !== null) return true;
      // No await from here on: the queue and the slots are of one moment.
      const slots = withOwnTrials(current);
      const now = Date.now();
      const queue = store.trialsIn("waiting");
      const ready = queue.filter(({ own }) => own.notBefore <= now);
      const { grants, waitReasons } = schedule(
        ready.map(({ trial }) => ({ trialId: trial.id, slotsNeeded: slotsOf(trial.experimentId) })),
        slots.map((slot): OfferedSlot => ({ ...slot, usable: slot.state === "free" })),
      );
      for (const { trialId, slotIds } of grants) {
        const granted = slots
          .filter(({ id }) => slotIds.includes(id))
          .map(({ id, kind, index, lease }) => ({ id, kind, index, lease }));
        const slotCount = slots.filter(({ kind }) => kind === granted[0]?.kind).length;
        engine.apply(trialId, { type: "slotsGranted" }, { slots: granted, slotCount });
      }
      for (const record of queue) {
        // Who may not yet start again keeps the reason for that.
        const said = waitReasons.get(record.trial.id);
        const reason = said === undefined ? undefined : inQueueReason(said, record.own.isPreempted);
        if (reason === undefined || record.trial.waitReason === reason) continue;
        record.trial.waitReason = reason;
        store.putTrial(record);
      }
      if (grants.length > 0) await look();
      return store.trialCount("waiting") > 0;
    },
  };

  function slotsOf(experimentId: number): number {
    return store.experiment(experimentId)?.experiment.slotsPerTrial ?? 1;
  }
}
