/**
 * Contract between the extension and the page that compares trials. The page says `ready` with whom it compares, first the
 * one that the others are measured against; the extension answers with a complete snapshot, and again when anything
 * changed. Both ends parse what they receive.
 */
import * as z from "zod";
import { ExperimentId, TrialId, TrialState } from "../../cluster/protocol/entities.ts";
import { SeriesState } from "../../cluster/protocol/events.ts";
import { AnyNumber, Json } from "../../cluster/protocol/base.ts";
import {
  Answer,
  CONTRACT_VERSION,
  PageState,
  SeriesName,
  SeriesPart,
  SeriesPoints,
  Theme,
} from "./messages.ts";

export const LEAST_SUBJECTS = 2;
export const MOST_SUBJECTS = 8;

/** Who is compared. */
export const Subject = z.object({
  poolId: z.string().max(100),
  experimentId: ExperimentId,
  /** Null: the experiment's best, whichever that is. */
  trialId: TrialId.nullable(),
});
export type Subject = z.infer<typeof Subject>;

/** What the page keeps over a reload, and what the extension's serializer needs to find it again. */
export const CompareState = PageState.pick({
  xAxis: true,
  logX: true,
  logY: true,
  smoothing: true,
  filter: true,
  zoom: true,
}).extend({
  subjects: z.array(Subject).min(LEAST_SUBJECTS).max(MOST_SUBJECTS),
  /** Also what is alike. */
  showAll: z.boolean().default(false),
});
export type CompareState = z.infer<typeof CompareState>;

export const CompareColumn = z.object({
  subject: Subject,
  /** `#12`, or of a search `12.3`; the pool's name after it where it is not this machine's. */
  label: z.string(),
  /** What a person calls it. */
  name: z.string(),
  /** Null while there is none to be seen. */
  trial: z
    .object({
      id: TrialId,
      number: z.number().int(),
      state: TrialState,
      startedAt: z.number().nullable(),
      tree: z.string(),
    })
    .nullable(),
  /** Why it is old, or not there: one sentence. */
  problem: z.string().nullable(),
});
export type CompareColumn = z.infer<typeof CompareColumn>;

const Cell = z.union([z.string(), AnyNumber]).nullable();
export const CompareRow = z.object({
  section: z.string(),
  name: z.string(),
  /** One for each column that has a trial, in their order. */
  cells: z.array(Cell),
  differs: z.boolean(),
  best: z.array(z.number().int()),
});
export type CompareRow = z.infer<typeof CompareRow>;

export const CompareSnapshot = z.object({
  columns: z.array(CompareColumn),
  rows: z.array(CompareRow),
  /** Each with the column that it is of. */
  series: z.array(z.object({ column: z.number().int().nonnegative(), series: SeriesState })),
});
export type CompareSnapshot = z.infer<typeof CompareSnapshot>;

export const ToComparePage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("snapshot"),
    version: z.literal(CONTRACT_VERSION),
    snapshot: CompareSnapshot,
  }),
  Answer,
  Theme,
]);
export type ToComparePage = z.infer<typeof ToComparePage>;

export const COMPARE_REQUESTS = {
  readSeries: {
    params: SeriesName.extend(SeriesPart.shape).extend({ subject: Subject }),
    result: SeriesPoints,
  },
} as const satisfies Record<string, { params: z.ZodType; result: z.ZodType }>;

export const CompareAction = z.discriminatedUnion("action", [
  z.object({ action: z.literal("open"), subject: Subject }),
  /** Of two of them, in the editor's own diff. */
  z.object({ action: z.literal("compareCode"), before: Subject, after: Subject }),
]);
export type CompareAction = z.infer<typeof CompareAction>;

export const FromComparePage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("ready"),
    version: z.literal(CONTRACT_VERSION),
    state: CompareState.nullable(),
  }),
  z.object({
    type: z.literal("request"),
    request: z.number().int(),
    name: z.string(),
    params: Json.or(z.unknown()),
  }),
  z.object({ type: z.literal("action"), action: CompareAction }),
  z.object({ type: z.literal("problem"), message: z.string().max(10_000) }),
]);
