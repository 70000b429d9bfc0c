/** How long a search would take on a pool, from what it would do and how fast earlier trials were. Pure. */
import type { Slot } from "../protocol/entities.ts";
import type { Pace } from "../protocol/search.ts";
import type { StartsIn } from "../protocol/scheduling.ts";
import type { SearchPreview } from "./preview.ts";
import { spanOf } from "./span.ts";

export interface Wanted {
  preview: SearchPreview;
  slotsPerTrial: number;
  /** Slots that all its trials together may hold; null: all. */
  maxSlots: number | null;
}

export interface OnPool {
  /** Null: no earlier trial tells it. */
  pace: Pace | null;
  usableSlots: number;
}

export interface Duration {
  /** From its first trial's start to its last one's end; null when no earlier trial tells it. */
  lasts: StartsIn | null;
  /** Trials that train at the same time: what the search, its limit and the slots allow. */
  atOnce: number;
}

export function durationOf(
  { preview, slotsPerTrial, maxSlots }: Wanted,
  { pace, usableSlots }: OnPool,
): Duration {
  const concurrency = preview.brackets.reduce((sum, one) => sum + one.concurrency, 0);
  const limit = Math.min(usableSlots, maxSlots ?? Infinity);
  const fits = slotsPerTrial === 0 ? Infinity : Math.floor(limit / slotsPerTrial);
  const atOnce = Math.max(1, Math.min(concurrency, fits, preview.trials));
  const span = spanOf({ lengths: preview.lengths, atOnce });
  return {
    lasts:
      pace === null || preview.totalUnits === null
        ? null
        : { fromMs: span.from * pace.fastMsPerUnit, toMs: span.to * pace.slowMsPerUnit },
    atOnce,
  };
}

/** Slots that trials may get, now or in their turn. */
export function usableSlots(slots: readonly Pick<Slot, "state">[]): number {
  return slots.filter(({ state }) => state === "free" || state === "held").length;
}
