/** What the scheduler decides on: a pool as it is at one moment. Times are milliseconds. */
import type { Slot } from "../../protocol/entities.ts";

export interface QueuedTrial {
  id: string;
  experimentId: number;
  /** Slots that it needs, all at once and on one host. */
  slots: number;
  /** `leaving`: it has been asked for its slots, or is ending. */
  state: "waiting" | "running" | "leaving";
  /** Those that it holds now. */
  slotIds: readonly string[];
  /** Place in the queue: lower came first. */
  place: number;
  /** All the time that it has waited for slots, since it came. */
  waitedMs: number;
  /** Time on its slots until it ends, as estimated (estimates.ts). */
  needMs: number;
  /** The estimate comes from what this trial itself has reported. */
  isNeedKnown: boolean;
  /** It can give its slots back and go on later without losing work. */
  isPreemptible: boolean;
  /** That has been seen of it, or of others of its experiment. Else it is moved only for a better priority, as a person asked. */
  isProven: boolean;
  /** What that costs: to write a checkpoint, and to be where it was again. */
  moveCostMs: number;
}

export interface ExperimentShare {
  user: string;
  /** 1 to 99, lower is served first. */
  priority: number;
  weight: number;
  /** Slots that all its trials together may hold. */
  maxSlots: number | null;
  /** Slots that it held on average in the recent past (use.ts). */
  recentSlots: number;
}
export interface UserShare {
  weight: number;
  maxSlots: number | null;
  recentSlots: number;
}

/** `usable: false` for slots that a trial of this pool holds, whatever the host's leases say at this moment. */
export type OfferedSlot = Pick<Slot, "id" | "kind" | "index" | "state" | "detail" | "trialId"> & {
  usable: boolean;
};

export interface PoolView {
  slots: readonly OfferedSlot[];
  trials: readonly QueuedTrial[];
  experiments: ReadonlyMap<number, ExperimentShare>;
  users: ReadonlyMap<string, UserShare>;
  /** How long a trial takes here, on average. */
  typicalMs: number;
  /** That is from trials that were seen, and no first guess. */
  isTypicalKnown: boolean;
}
