/** What a search has decided so far, for those who show it. */
import * as z from "zod";
import { Json, JsonObject, Uuid } from "./base.ts";
import { ExperimentId, TrialId } from "./entities.ts";

export const RungEntry = z.object({
  trialId: TrialId,
  /** As it was reported. Null: it failed before it came here, or reported no number, and counts as the worst. */
  value: z.number().nullable(),
  /** It went on from here. */
  promoted: z.boolean(),
});
export type RungEntry = z.infer<typeof RungEntry>;

export const Rung = z.object({
  /** In units of the searcher's time metric. */
  units: z.number(),
  /** Who came here, the best first. */
  entries: z.array(RungEntry),
  /** The value that is needed to go on, among those that are here now. Null: nobody goes on (the top), or nobody yet. */
  cut: z.number().nullable(),
  /** Who trains towards this rung. */
  coming: z.array(TrialId),
});
export type Rung = z.infer<typeof Rung>;

export const Bracket = z.object({
  trialsPlanned: z.number().int(),
  /** Who is not among the best at a rung is stopped there, or is paused and may go on later. */
  variant: z.enum(["stopping", "promotion"]),
  /** The lowest first. */
  rungs: z.array(Rung),
});
export type Bracket = z.infer<typeof Bracket>;

/** One hyperparameter that is drawn, as the configuration has it: bounds of `log` are exponents. */
export const SpaceAxis = z.discriminatedUnion("type", [
  z.object({ name: z.string(), type: z.enum(["int", "double"]), minval: z.number(), maxval: z.number() }),
  z.object({
    name: z.string(),
    type: z.literal("log"),
    minval: z.number(),
    maxval: z.number(),
    base: z.number(),
  }),
  z.object({ name: z.string(), type: z.literal("categorical"), vals: z.array(Json) }),
]);
export type SpaceAxis = z.infer<typeof SpaceAxis>;

export const SearchState = z.object({
  progress: z.number().min(0).max(1),
  trialsPlanned: z.number().int().nullable(),
  smallerIsBetter: z.boolean(),
  /** The metric by which trained time is told; null: the step. */
  timeMetric: z.string().nullable(),
  /** Null for a search without rungs. */
  brackets: z.array(Bracket).nullable(),
  /** What varies, by dotted names in the order of the draws; of long lists of values the first. */
  space: z.array(SpaceAxis).default([]),
});
export type SearchState = z.infer<typeof SearchState>;

/** How long trials took for a unit of the time metric on this pool: the quarter of them that was faster, and that was slower. */
export const Pace = z.object({
  fastMsPerUnit: z.number().positive(),
  slowMsPerUnit: z.number().positive(),
  trials: z.number().int().positive(),
});
export type Pace = z.infer<typeof Pace>;

export const SEARCH_METHODS = {
  "search/state": { params: z.object({ experimentId: ExperimentId }), result: SearchState },
  /**
   * What is left out stays. A search that has ended, or was stopped, goes on with it; brackets keep their rungs, and what has come
   * to a rung stays there.
   */
  "search/change": {
    params: z.object({
      experimentId: ExperimentId,
      /** In all. */
      maxTrials: z.number().int().positive().max(1_000_000).optional(),
      /** The whole search space, inside of the present one. */
      hyperparameters: JsonObject.optional(),
    }),
    result: z.object({ trialsPlanned: z.number().int().nullable() }),
  },
  /** A trial beside those that the search makes itself. */
  "search/addTrial": {
    params: z.object({
      experimentId: ExperimentId,
      /** A value for each range; constants may be left out. */
      hyperparameters: JsonObject,
      /** Null: where the experiment's trials start. */
      startFrom: Uuid.nullable().default(null),
    }),
    result: z.object({ trialId: TrialId }),
  },
  /** From earlier trials of a script or of a configuration. Null: none has told how far it was. */
  "search/pace": {
    params: z.object({
      /** Absolute paths on the person's machine; either one fits. */
      script: z.string().max(4096).nullable(),
      configuration: z.string().max(4096).nullable(),
      /** Null: the step. */
      timeMetric: z.string().nullable(),
      slotsPerTrial: z.number().int().nonnegative(),
    }),
    result: z.object({ pace: Pace.nullable() }),
  },
} as const;
