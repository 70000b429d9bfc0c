/** Numbered state changes. Read from a table: after any gap a client names the last number that it has. */
import * as z from "zod";
import { AnyNumber, TimeMs, Uuid } from "./base.ts";
import { Checkpoint, Experiment, ExperimentId, Run, RunId, Slot, Trial, TrialId } from "./entities.ts";

export const PoolEvent = z.object({
  seq: z.number().int().positive(),
  at: TimeMs,
  change: z.discriminatedUnion("type", [
    z.object({ type: z.literal("experiment"), experiment: Experiment }),
    z.object({ type: z.literal("experimentDeleted"), id: ExperimentId }),
    z.object({ type: z.literal("trial"), trial: Trial }),
    z.object({ type: z.literal("run"), run: Run }),
    z.object({ type: z.literal("checkpoint"), checkpoint: Checkpoint }),
    z.object({ type: z.literal("checkpointDeleted"), uuid: Uuid }),
    z.object({ type: z.literal("slots"), slots: z.array(Slot) }),
  ]),
});
export type PoolEvent = z.infer<typeof PoolEvent>;

/** One curve of one trial. Its points are numbered from 0 over all attempts. */
export const Series = z.object({
  trialId: TrialId,
  group: z.string(),
  name: z.string(),
  rank: z.number().int().nonnegative(),
});
export type Series = z.infer<typeof Series>;

export const SeriesState = Series.extend({
  /** Points so far; also the cursor after the last one. */
  count: z.number().int().nonnegative(),
  /** Changes when points before the cursor changed (superseded by a resumed run): read again from 0. */
  revision: z.number().int().nonnegative(),
  // Whatever a script managed to write: an answer that its reader refuses would end every connection that asks.
  lastStep: AnyNumber,
  lastValue: AnyNumber,
  lastAt: AnyNumber,
});
export type SeriesState = z.infer<typeof SeriesState>;

export const Stream = z.enum(["stdout", "stderr"]);
export type Stream = z.infer<typeof Stream>;

export const OutputSize = z.object({ runId: RunId, stdout: z.number(), stderr: z.number() });
export type OutputSize = z.infer<typeof OutputSize>;
