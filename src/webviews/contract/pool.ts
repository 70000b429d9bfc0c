/**
 * Contract between the extension and the page of a pool. The page says `ready`; the extension answers with a complete
 * snapshot, and again when anything changed, at most once a second. Both ends parse what they receive.
 */
import * as z from "zod";
import { Slot, TrialId } from "../../cluster/protocol/entities.ts";
import { TimeMs } from "../../cluster/protocol/base.ts";
import {
  QueueChange,
  SCHEDULING_METHODS,
  SlotSpan,
  SlotUse,
  WaitingTrial,
} from "../../cluster/protocol/scheduling.ts";
import { Answer, ConnectionState, CONTRACT_VERSION, Theme } from "./messages.ts";

export const HOURS = [1, 6, 24, 168] as const;

/** What the page keeps over a reload, and what the extension's serializer needs to find it again. */
export const PoolState = z.object({
  poolId: z.string().max(100),
  /** How far back the chart reaches. */
  hours: z.literal(HOURS).default(6),
});
export type PoolState = z.infer<typeof PoolState>;

export const PoolSnapshot = z.object({
  connection: ConnectionState,
  at: TimeMs,
  slots: z.array(Slot),
  /** What is wrong with the pool's disk, in sentences; null while nothing is. */
  disk: z.string().max(2000).nullable(),
  waiting: z.array(WaitingTrial),
  spans: z.array(SlotSpan),
  use: z.array(SlotUse),
  /** Of the experiments that are named above, by their numbers. */
  names: z.record(z.string(), z.string()),
});
export type PoolSnapshot = z.infer<typeof PoolSnapshot>;

export const ToPoolPage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("snapshot"), version: z.literal(CONTRACT_VERSION), snapshot: PoolSnapshot }),
  Answer,
  Theme,
]);
export type ToPoolPage = z.infer<typeof ToPoolPage>;

export const POOL_REQUESTS = {
  forecast: {
    params: SCHEDULING_METHODS["queue/forecast"].params.pick({ slots: true }),
    result: SCHEDULING_METHODS["queue/forecast"].result,
  },
} as const satisfies Record<string, { params: z.ZodType; result: z.ZodType }>;

export const PoolAction = z.discriminatedUnion("action", [
  z.object({ action: z.literal("open"), trialId: TrialId }),
  z.object({ action: z.literal("changeQueue"), change: QueueChange }),
  z.object({ action: z.literal("reconnect") }),
]);
export type PoolAction = z.infer<typeof PoolAction>;

export const FromPoolPage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready"), version: z.literal(CONTRACT_VERSION), state: PoolState.nullable() }),
  z.object({
    type: z.literal("request"),
    request: z.number().int(),
    name: z.string(),
    params: z.unknown(),
  }),
  z.object({ type: z.literal("action"), action: PoolAction }),
  z.object({ type: z.literal("problem"), message: z.string().max(10_000) }),
]);
