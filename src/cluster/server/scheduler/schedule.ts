/**
 * Who gets which slots. First in, first out; all slots of a trial on one host at once (gang). Pure: the seat of a better
 * scheduler, with the same shape: `(queue, slots) -> grants and, for everyone else, why they wait`.
 */
import type { Slot } from "../../protocol/entities.ts";

export interface QueuedTrial {
  trialId: string;
  slotsNeeded: number;
}
/** `usable: false` for slots that a trial of this pool holds, whatever the host's leases say at this moment. */
export type OfferedSlot = Pick<Slot, "id" | "kind" | "index" | "state" | "detail"> & { usable: boolean };

export interface Schedule {
  grants: { trialId: string; slotIds: string[] }[];
  /** One sentence for each trial that got nothing. */
  waitReasons: Map<string, string>;
}

/** @param queue in the order in which they are served */
export function schedule(queue: readonly QueuedTrial[], slots: readonly OfferedSlot[]): Schedule {
  const result: Schedule = { grants: [], waitReasons: new Map() };
  const working = slots.filter(({ state }) => state !== "unusable");
  const free = slots.filter(({ state, usable }) => usable && state === "free");
  let ahead = 0;
  for (const { trialId, slotsNeeded } of queue) {
    if (slotsNeeded > working.length) {
      // It can never run here, so it holds nobody up.
      result.waitReasons.set(trialId, impossible(slotsNeeded, slots, working.length));
    } else if (slotsNeeded === 0 || (ahead === 0 && slotsNeeded <= free.length)) {
      result.grants.push({ trialId, slotIds: free.splice(0, slotsNeeded).map(({ id }) => id) });
    } else {
      result.waitReasons.set(trialId, waitReason(slotsNeeded, slots, free.length, ahead));
      ahead++;
    }
  }
  return result;
}

function impossible(needed: number, slots: readonly OfferedSlot[], working: number): string {
  const broken = slots.find(({ state }) => state === "unusable");
  if (broken !== undefined && needed <= slots.length)
    return `Needs ${count(needed, "slot")}, but ${label(broken)} cannot be used: ${broken.detail ?? "no reason known"}.`;
  return `Needs ${count(needed, "slot")}, this pool has ${working}: submit with fewer.`;
}

function waitReason(needed: number, slots: readonly OfferedSlot[], free: number, ahead: number): string {
  const only = slots.length === 1 ? slots[0] : undefined;
  const holder = only !== undefined && only.state !== "free" && only.detail !== null ? only : undefined;
  const facts =
    holder === undefined
      ? [`${free} of ${slots.length} ${free === 1 ? "is" : "are"} free`]
      : [`${label(holder)} is ${holder.detail ?? "held"}`];
  if (ahead > 0) facts.push(`${count(ahead, "trial")} ${ahead === 1 ? "is" : "are"} ahead`);
  return `Waits for ${count(needed, "slot")}: ${facts.join(", ")}.`;
}

function label(slot: OfferedSlot): string {
  return `${slot.kind === "cuda" || slot.kind === "rocm" ? "gpu" : slot.kind} ${slot.index}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
