/** Asks the scheduler whenever something may have changed, does what it says, and tells everyone else why they wait. */
import type { Slot } from "../../protocol/entities.ts";
import type { SlotReading } from "../ports.ts";
import { startedBy } from "../scheduler/change.ts";
import { plan, type Plan } from "../scheduler/plan.ts";
import { waitReasons } from "../scheduler/reasons.ts";
import type { PoolView } from "../scheduler/view.ts";
import type { TrialRecord } from "../store/records.ts";
import type { Context } from "./context.ts";
import type { Engine } from "./engine.ts";
import { createQueueView } from "./queueView.ts";
import { inQueueReason } from "./waiting.ts";
import { roomReason } from "./wantOfRoom.ts";

/** With nothing new nobody decides oftener: only how far the trials are has changed. */
const DECIDE_EVERY_MS = 1000;
/** Where a hundred may start at once the rest of them are decided on in the next rounds, which come at once. */
const GRANTS_MS = 20;

export type Dispatcher = ReturnType<typeof createDispatcher>;

/** @param onNews the tools have described the slots anew */
export function createDispatcher(context: Context, engine: Engine, onNews: () => void) {
  const { store } = context;
  const queueView = createQueueView(context);
  /** Something has changed since it was decided last. */
  let isChanged = false;
  /** It is to be decided also when nobody waits. */
  let isAsked = false;
  let decidedAt = 0;
  /** How many waited then. */
  let waited = 0;
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
      current.map(({ id, name, state, detail, trialId, holder }) => [
        id,
        name,
        state,
        detail,
        trialId,
        holder,
      ]),
    );
    if (text !== lastSlots) {
      isChanged = true;
      store.putSlots(current);
      lastSlots = text; // only now: what had no room in the table is told again
    }
    return { news };
  }

  /** Everybody who wants slots or holds some. */
  const queued = () => store.trialsIn("waiting", "starting", "running", "pausing", "stopping");
  const viewOf = (records: readonly TrialRecord[]) =>
    queueView.at(Date.now(), records, withOwnTrials(current));

  /** Who was asked by a person to make room does so for all others that can start. */
  function planNow(): { view: PoolView; planned: Plan } {
    const now = Date.now();
    const all = queued().filter(
      ({ trial, own }) =>
        trial.state !== "waiting" || (own.notBefore <= now && roomReason(room(), own.waitsForBytes) === null),
    );
    const others = all.filter(({ trial, own }) => trial.state !== "waiting" || own.makesRoom !== true);
    if (others.length < all.length) {
      const view = viewOf(others);
      const planned = plan(view);
      if (startedBy(planned).size > 0) return { view, planned };
    }
    const view = viewOf(all);
    return { view, planned: plan(view) };
  }

  const room = () => ({ ...context.disk.state, isUsable: context.disk.isUsable });

  /** Those that wait for the disk say so. */
  function tellOfRoom(): void {
    for (const record of store.trialsIn("waiting")) {
      const reason = roomReason(room(), record.own.waitsForBytes);
      if (reason !== null) tellWhy(record, inQueueReason(reason, record.own.isPreempted));
    }
  }

  function tellWhy(record: TrialRecord, waitReason: string): void {
    if (record.trial.waitReason === waitReason) return;
    record.trial.waitReason = waitReason;
    store.putTrial(record);
  }

  return {
    /** The pool as the scheduler would see it now, with those that may not yet start again. */
    view: () => viewOf(queued()),
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
    /** The next round decides, also when nobody waits: somebody may hold more than it may now. */
    lookAnew(): void {
      isChanged = true;
      isAsked = true;
    },
    /** Something of a trial has changed. */
    changed(): void {
      isChanged = true;
    },
    /** @returns whether somebody waits */
    async dispatch(): Promise<boolean> {
      const waiting = store.trialCount("waiting");
      if (waiting === 0 && !isAsked) return false;
      // What was free a while ago may be in somebody's use: nothing starts before the tools have answered.
      if ((await look()).news !== null) return true;
      if (!isChanged && waiting === waited && Date.now() - decidedAt < DECIDE_EVERY_MS) return true;
      // No await from here on: the queue and the slots are of one moment.
      isChanged = false;
      isAsked = false;
      waited = waiting;
      decidedAt = Date.now();
      tellOfRoom();
      if (!context.disk.isUsable) return waiting > 0;
      const { view, planned } = planNow();
      const first = planned.queue.find(({ id }) => planned.waits.get(id)?.why === "comingFree");
      const reason = first === undefined ? "its experiment may hold fewer" : `they are for trial ${first.id}`;
      for (const trialId of planned.preempts)
        engine.apply(trialId, { type: "preempt" }, { reason: `asked for its slots: ${reason}` });
      const slots = withOwnTrials(current);
      const until = performance.now() + GRANTS_MS;
      for (const { trialId, slotIds } of planned.grants) {
        if (performance.now() > until) {
          isChanged = true;
          break;
        }
        const granted = slots
          .filter(({ id }) => slotIds.includes(id))
          .map(({ id, kind, index, lease }) => ({ id, kind, index, lease }));
        const slotCount = slots.filter(({ kind }) => kind === granted[0]?.kind).length;
        engine.apply(trialId, { type: "slotsGranted" }, { slots: granted, slotCount });
      }
      // Who may not yet start again keeps the reason for that.
      for (const [trialId, said] of waitReasons(view, planned)) {
        const record = store.trial(trialId);
        if (record !== null) tellWhy(record, inQueueReason(said, record.own.isPreempted));
      }
      if (planned.grants.length > 0) await look();
      return store.trialCount("waiting") > 0;
    },
  };
}
