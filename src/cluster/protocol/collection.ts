/** Which checkpoints are kept when space is to come back: Determined's `save_*`, with its meaning and its defaults. */
import * as z from "zod";
import { Uuid } from "./base.ts";
import { ExperimentId, TrialId } from "./entities.ts";

const Count = z.number().int().nonnegative().max(1_000_000);

/** The union of the three is kept: of each experiment so many of the best, of each trial so many of the best and the newest. */
export const SavePolicy = z.object({ experimentBest: Count, trialBest: Count, trialLatest: Count });
export type SavePolicy = z.infer<typeof SavePolicy>;

export const COLLECTION_METHODS = {
  /**
   * What is pinned, what a trial that has not ended goes on from, and what an experiment's trials start from stays, whatever
   * the policy says. With `confirm: false` only says what would go.
   */
  "checkpoint/collect": {
    params: z.object({
      /** Null: those of the whole pool. */
      experimentId: ExperimentId.nullable(),
      policy: SavePolicy,
      confirm: z.boolean(),
    }),
    result: z.object({
      /** What goes, the oldest first; of very many the first. */
      checkpoints: z
        .array(z.object({ uuid: Uuid, trialId: TrialId, step: z.number(), bytes: z.number() }))
        .max(1000),
      count: z.number().int().nonnegative(),
      /** That the disk gets back: files that another checkpoint shares stay. */
      bytes: z.number().nonnegative(),
      kept: z.number().int().nonnegative(),
    }),
  },
} as const;
