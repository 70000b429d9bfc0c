/** Who gets slots when, why somebody waits, and what a person can do about it. */
import * as z from "zod";
import { TimeMs } from "./base.ts";
import { ExperimentId, Priority, RunId, TrialId } from "./entities.ts";

/** When a trial gets its slots, in milliseconds from now. Both 0: at once. */
export const StartsIn = z.object({ fromMs: z.number().nonnegative(), toMs: z.number().nonnegative() });
export type StartsIn = z.infer<typeof StartsIn>;

/** The smallest change that would start a trial now; `text` is the label of its button. */
export const QueueChange = z.discriminatedUnion("type", [
  /** `preempts`: who would have to give back slots. */
  z.object({
    type: z.literal("priority"),
    text: z.string(),
    experimentId: ExperimentId,
    priority: Priority,
    preempts: z.array(TrialId),
  }),
  z.object({
    type: z.literal("maxSlots"),
    text: z.string(),
    experimentId: ExperimentId,
    maxSlots: z.number().int().positive().nullable(),
  }),
  /** Somebody of the same account holds what it needs. */
  z.object({ type: z.literal("pause"), text: z.string(), trialId: TrialId }),
]);
export type QueueChange = z.infer<typeof QueueChange>;

export const WaitingTrial = z.object({
  trialId: TrialId,
  experimentId: ExperimentId,
  /** 1 is served first. */
  place: z.number().int().positive(),
  slots: z.number().int().nonnegative(),
  /** One sentence: for what, and who is ahead. */
  reason: z.string(),
  /** Null: nothing is known of how long those ahead will take, or it can never start. */
  startsIn: StartsIn.nullable(),
  change: QueueChange.nullable(),
});
export type WaitingTrial = z.infer<typeof WaitingTrial>;

export const SlotSpan = z.object({
  slotId: z.string(),
  runId: RunId,
  trialId: TrialId,
  experimentId: ExperimentId,
  from: TimeMs,
  /** Null: it still holds the slot. */
  to: TimeMs.nullable(),
});
export type SlotSpan = z.infer<typeof SlotSpan>;

/** How busy a slot was, in percent, as its tool said. */
export const SlotUse = z.object({ slotId: z.string(), at: TimeMs, percent: z.number().min(0).max(100) });
export type SlotUse = z.infer<typeof SlotUse>;

export const SCHEDULING_METHODS = {
  /** All who wait, in the order in which they are served. */
  "queue/state": { params: z.object({}), result: z.object({ waiting: z.array(WaitingTrial) }) },
  /** When somebody who came now would get slots ("when do I get 4 slots?"). */
  "queue/forecast": {
    params: z.object({ slots: z.number().int().min(0).max(1024), priority: Priority.optional() }),
    result: z.object({
      startsIn: StartsIn.nullable(),
      reason: z.string(),
      /** Who would have to give back slots for it. */
      preempts: z.array(TrialId),
    }),
  },
  /** What is left out stays. With `confirm: false` only says what would follow. */
  "experiment/setResources": {
    params: z.object({
      experimentId: ExperimentId,
      priority: Priority.optional(),
      weight: z.number().positive().optional(),
      maxSlots: z.number().int().positive().nullable().optional(),
      confirm: z.boolean(),
    }),
    /** Who would have to give back slots, and who would start. */
    result: z.object({ preempts: z.array(TrialId), starts: z.array(TrialId) }),
  },
  /** It checkpoints, gives its slots back, and goes on when its turn comes again. */
  "trial/preempt": {
    params: z.object({
      trialId: TrialId,
      /** Also who may have to start again from nothing. */
      evenWithoutCheckpoint: z.boolean().default(false),
    }),
    result: z.object({}),
  },
  /** Who had which slot when, and how busy the slots were, for at most the last week. */
  "pool/history": {
    params: z.object({ from: TimeMs }),
    result: z.object({ spans: z.array(SlotSpan), use: z.array(SlotUse) }),
  },
} as const;
