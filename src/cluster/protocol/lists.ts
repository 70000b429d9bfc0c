/** Lists of a pool with a long history, in pages: `subscribe` with `bounded` tells of what is lively and new, these of the rest. */
import * as z from "zod";
import { TimeMs } from "./base.ts";
import { LONGEST_FILTER } from "./textFilter.ts";
import { Checkpoint, Experiment, ExperimentId, Run, Trial, TrialId, TrialState } from "./entities.ts";

/** Words that all must hold, as protocol/textFilter.ts reads them. */
export const FilterText = z.string().max(LONGEST_FILTER);

/** For `subscribe`: only so many of the newest experiments, beside those that run or wait. */
export const Bounded = z.object({ experiments: z.number().int().min(1).max(1000) });

/** What a bounded snapshot does not have. */
export const Beyond = z.object({
  /** Experiments of the pool in all. */
  total: z.number().int().nonnegative(),
  /** From this number on the snapshot has all experiments; below it, only those that run or wait. */
  from: ExperimentId,
});
export type Beyond = z.infer<typeof Beyond>;

export const LIST_METHODS = {
  /** Experiments, newest first. A filter is about an experiment with any one of its trials. */
  "experiment/page": {
    params: z.object({
      /** Only those with a smaller number. */
      before: ExperimentId.nullable().default(null),
      /** Only those submitted from one of these folders or from inside of one; null: all. */
      folders: z.array(z.string().max(4096)).max(100).nullable().default(null),
      /** Only those of the script at this absolute path; null: of any. Servers before 0.4 do not know it. */
      script: z.string().max(4096).nullable().default(null),
      filter: FilterText.default(""),
      /** Only those that ended after that moment. */
      endedAfter: TimeMs.nullable().default(null),
      limit: z.number().int().min(1).max(500),
    }),
    result: z.object({
      experiments: z.array(Experiment),
      /** Of those that have one trial. */
      trials: z.array(Trial),
      /** How many there are, these among them. */
      total: z.number().int().nonnegative(),
    }),
  },
  /** Trials of one experiment: the best first, then those without a value. */
  "trial/page": {
    params: z.object({
      experimentId: ExperimentId,
      /** Null: in any. */
      states: z.array(TrialState).max(20).nullable().default(null),
      filter: FilterText.default(""),
      offset: z.number().int().nonnegative().default(0),
      limit: z.number().int().min(1).max(1000),
    }),
    result: z.object({
      trials: z.array(Trial),
      total: z.number().int().nonnegative(),
    }),
  },
  /** One trial with all that it has. */
  "trial/get": {
    params: z.object({ trialId: TrialId }),
    result: z.object({
      experiment: Experiment,
      trial: Trial,
      runs: z.array(Run),
      checkpoints: z.array(Checkpoint),
    }),
  },
  /** An experiment with all that it has, part by part: call again with `next` until it is null. */
  "experiment/read": {
    params: z.object({
      experimentId: ExperimentId,
      /** Trials with a greater number. */
      after: z.number().int().nonnegative().default(0),
      limit: z.number().int().min(1).max(1000),
    }),
    result: z.object({
      experiment: Experiment,
      trials: z.array(Trial),
      runs: z.array(Run),
      checkpoints: z.array(Checkpoint),
      next: z.number().int().nullable(),
    }),
  },
} as const;
