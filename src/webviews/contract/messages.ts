/**
 * Contract between the extension and the experiment page. The page says `ready`; the extension answers with a complete
 * snapshot, then numbered changes. A page that sees a gap, or was hidden or reloaded, says `ready` again.
 * Curves travel as ArrayBuffers. Both ends parse what they receive.
 */
import * as z from "zod";
import {
  Checkpoint,
  Experiment,
  LeftOutPath,
  LinkedPath,
  Run,
  Trial,
  TrialId,
} from "../../cluster/protocol/entities.ts";
import { SeriesState, Stream } from "../../cluster/protocol/events.ts";
import { OUTPUT_METHODS } from "../../cluster/protocol/output.ts";
import { QueueChange, WaitingTrial } from "../../cluster/protocol/scheduling.ts";
import { SearchState } from "../../cluster/protocol/search.ts";
import { Json, JsonObject } from "../../cluster/protocol/base.ts";

export const CONTRACT_VERSION = 1;

export const ConnectionState = z.object({
  state: z.enum(["connecting", "connected", "disconnected"]),
  pool: z.string(),
  /** One sentence while not connected. */
  detail: z.string().nullable(),
});

/** What is marked on an axis of the Search tab: values between two, or these ones, and perhaps who has none. */
export const Brush = z.object({
  axis: z.string().max(1000),
  range: z.object({ from: z.number(), to: z.number() }).nullable(),
  values: z.array(z.string()).nullable(),
  missing: z.boolean(),
});
export type Brush = z.infer<typeof Brush>;

/** Choices of the Search tab. */
export const SearchTabState = z.object({
  shown: z.enum(["progress", "parameters"]).default("progress"),
  brushes: z.array(Brush).max(100).default([]),
  /** Columns of the table that are not shown. */
  hiddenColumns: z.array(z.string()).max(1000).default([]),
  /** Trials that are ticked in the table. */
  chosen: z.array(TrialId).max(10_000).default([]),
  /** The parameter of the scatter; null: the first. */
  scatterX: z.string().nullable().default(null),
  against: z.enum(["trials", "time"]).default("trials"),
  logY: z.boolean().default(false),
});
export type SearchTabState = z.infer<typeof SearchTabState>;

/** What the page keeps over a reload (vscode.setState), and what the extension's serializer needs to find it again. */
export const PageState = z.object({
  /** Of which pool the experiment is: `local` is this machine's. */
  poolId: z.string().max(100).default("local"),
  experimentId: z.number().int(),
  /** Empty, or one that is not there: the first. */
  tab: z.string().default(""),
  logX: z.boolean().default(false),
  logY: z.boolean().default(false),
  xAxis: z.enum(["step", "time"]).default("step"),
  smoothing: z.number().min(0).max(0.99).default(0),
  filter: z.string().default(""),
  trialId: TrialId.nullable().default(null),
  searchTab: SearchTabState.prefault({}),
  /** Of the Search tab's table. */
  trialFilter: z.string().default(""),
  trialSort: z.object({ column: z.string(), ascending: z.boolean() }).nullable().default(null),
  /** The zoomed part of the x axis, in the axis' own unit (steps, or seconds since the trial began). */
  zoom: z.object({ from: z.number(), to: z.number() }).nullable().default(null),
});
export type PageState = z.infer<typeof PageState>;

/** What the runs of this script are measured against: another trial, of this or of another pool. */
export const PageBaseline = z.object({
  label: z.string(),
  trialId: TrialId,
  /** It is a trial of this experiment. */
  isHere: z.boolean(),
  /** `<group>/<name>` that its value is of. */
  metric: z.string().nullable(),
  value: z.number().nullable(),
  startedAt: z.number().nullable(),
  /** Why its curve is not there: one sentence. */
  problem: z.string().nullable(),
  series: z.array(SeriesState),
});
export type PageBaseline = z.infer<typeof PageBaseline>;

export const PageSnapshot = z.object({
  seq: z.number().int().nonnegative(),
  connection: ConnectionState,
  experiment: Experiment,
  trials: z.array(Trial),
  runs: z.array(Run),
  checkpoints: z.array(Checkpoint),
  /** Curves of the trials that the page shows; their points are asked for with `readCurves`. */
  series: z.array(SeriesState),
  baseline: PageBaseline.nullable().default(null),
  configuration: z.object({ path: z.string(), text: z.string() }).nullable(),
  snapshot: z.object({ linked: z.array(LinkedPath), leftOut: z.array(LeftOutPath) }),
});
export type PageSnapshot = z.infer<typeof PageSnapshot>;

/** Answer to a request of a page; `error` is one sentence for people. */
export const Answer = z.object({
  type: z.literal("answer"),
  request: z.number().int(),
  value: z.unknown(),
  error: z.string().nullable(),
});
export type Answer = z.infer<typeof Answer>;
/** The editor's theme changed: colours are read again from the CSS variables. */
export const Theme = z.object({ type: z.literal("theme") });

export const ToPage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("snapshot"), version: z.literal(CONTRACT_VERSION), snapshot: PageSnapshot }),
  z.object({
    type: z.literal("change"),
    seq: z.number().int().positive(),
    connection: ConnectionState.optional(),
    experiment: Experiment.optional(),
    trials: z.array(Trial).optional(),
    runs: z.array(Run).optional(),
    checkpoints: z.array(Checkpoint).optional(),
    deletedCheckpoints: z.array(z.string()).optional(),
    series: z.array(SeriesState).optional(),
    /** Sizes of the output of the current run, when they grew. */
    output: z.object({ runId: z.string(), stdout: z.number(), stderr: z.number() }).optional(),
  }),
  Answer,
  Theme,
  /** The experiment is gone (deleted). */
  z.object({ type: z.literal("gone") }),
  /** Show this tab (a command of the tree: Show Output, ...). */
  z.object({ type: z.literal("show"), tab: z.string(), trialId: TrialId.nullable() }),
]);
export type ToPage = z.infer<typeof ToPage>;

export const MOST_CURVES_PER_READ = 1000;

export const SeriesName = z.object({
  trialId: TrialId,
  group: z.string(),
  name: z.string(),
  rank: z.number().int(),
});

export const SeriesPart = z.object({
  cursor: z.number().int().nonnegative(),
  resolution: z
    .object({
      points: z.number().int(),
      fromStep: z.number().nullable(),
      toStep: z.number().nullable(),
      fromTimeMs: z.number().nullable(),
      toTimeMs: z.number().nullable(),
    })
    .nullable(),
});
const PointCounts = z.object({
  count: z.number(),
  cursor: z.number(),
  total: z.number(),
  revision: z.number(),
});
/** Columns as in series/read: step, time (ms), value, superseded; Float64, one after the other. */
export const SeriesPoints = PointCounts.extend({ columns: z.instanceof(ArrayBuffer) });

/** Requests of the page, each answered with `answer`: what goes in, what comes out. */
export const REQUESTS = {
  /** Many curves at once: of the first of them, as many as fit into one answer. Their columns are in one buffer, one curve after the other. */
  readCurves: {
    params: z.object({
      reads: z.array(SeriesName.extend(SeriesPart.shape)).min(1).max(MOST_CURVES_PER_READ),
    }),
    result: z.object({ reads: z.array(PointCounts), columns: z.instanceof(ArrayBuffer) }),
  },
  /** The same of the baseline, whoever it is. */
  readBaseline: {
    params: SeriesName.omit({ trialId: true }).extend(SeriesPart.shape),
    result: SeriesPoints,
  },
  readOutput: {
    params: z.object({
      runId: z.string(),
      stream: Stream,
      offset: z.number().int(),
      limit: z.number().int(),
    }),
    result: z.object({
      bytes: z.instanceof(ArrayBuffer),
      offset: z.number(),
      size: z.number(),
      ended: z.boolean(),
      dropped: z.number().default(0),
    }),
  },
  searchOutput: OUTPUT_METHODS["output/search"],
  outputLines: OUTPUT_METHODS["output/lines"],
  listFiles: {
    params: z.object({ runId: z.string(), path: z.string() }),
    result: z.object({
      files: z.array(
        z.object({ path: z.string(), bytes: z.number(), modifiedAt: z.number(), isDirectory: z.boolean() }),
      ),
      truncated: z.boolean(),
    }),
  },
  provenance: {
    params: z.object({ runId: z.string() }),
    result: z.object({ provenance: JsonObject.nullable() }),
  },
  /** To be asked anew when trials have changed. */
  searchState: { params: z.object({}), result: SearchState },
  /**
   * Of an experiment with more trials than the page holds: the best of those that match, `more` for those that follow on what
   * was read before. They come as a change. `total`: how many match in all.
   */
  moreTrials: {
    params: z.object({ filter: z.string().max(1000), more: z.boolean() }),
    result: z.object({ total: z.number().int().nonnegative() }),
  },
  /** Why a trial waits; null when it waits no longer. */
  waiting: {
    params: z.object({ trialId: TrialId }),
    result: z.object({ waiting: WaitingTrial.nullable() }),
  },
  snapshotFiles: {
    params: z.object({}),
    result: z.object({
      files: z.array(z.object({ path: z.string(), bytes: z.number(), mode: z.string() })),
      truncated: z.boolean(),
    }),
  },
} as const satisfies Record<string, { params: z.ZodType; result: z.ZodType }>;
export type RequestName = keyof typeof REQUESTS;

/** Things that the page asks the extension to do; the effect shows in the next change. */
export const Action = z.discriminatedUnion("action", [
  z.object({ action: z.enum(["pause", "resume", "stop", "kill"]), trialId: TrialId.nullable() }),
  z.object({ action: z.literal("restore"), uuid: z.string() }),
  z.object({ action: z.literal("pin"), uuid: z.string(), pinned: z.boolean() }),
  /** Its files, without pulling them. */
  z.object({ action: z.literal("browse"), uuid: z.string() }),
  z.object({ action: z.literal("copy"), text: z.string().max(100_000) }),
  /** Jump to a line of the person's own file. */
  z.object({ action: z.literal("openSource"), file: z.string(), line: z.number().int().positive() }),
  z.object({ action: z.literal("openSnapshotFile"), path: z.string() }),
  z.object({ action: z.literal("openRunFile"), runId: z.string(), path: z.string() }),
  z.object({ action: z.literal("pullRunFile"), runId: z.string(), path: z.string() }),
  /** As a document, or in a terminal that follows it. */
  z.object({ action: z.enum(["openOutput", "followOutput"]), runId: z.string(), stream: Stream }),
  z.object({ action: z.literal("link"), path: z.string() }),
  /** What a trial did not find: send it with the next snapshots, or say where it is on the pool. */
  z.object({ action: z.enum(["sendData", "mapData"]), trialId: TrialId }),
  z.object({
    action: z.literal("setMetric"),
    group: z.string(),
    name: z.string(),
    smallerIsBetter: z.boolean(),
  }),
  /** The smallest change that would start who waits. */
  z.object({ action: z.literal("changeQueue"), change: QueueChange }),
  z.object({ action: z.literal("chooseInterpreter") }),
  /** Of the experiment itself when null. */
  z.object({ action: z.enum(["rename", "editLabels", "editNotes"]), trialId: TrialId.nullable() }),
  z.object({ action: z.literal("star"), trialId: TrialId, starred: z.boolean() }),
  /** Of the experiment's best when null. */
  z.object({ action: z.literal("useAsBaseline"), trialId: TrialId.nullable() }),
  z.object({ action: z.literal("clearBaseline") }),
  z.object({ action: z.literal("reconnect") }),
]);
export type Action = z.infer<typeof Action>;

/** More lines than this tell nobody anything. */
export const LEAST_COMPARED = 2;
export const MOST_COMPARED = 8;

export const FromPage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready"), version: z.literal(CONTRACT_VERSION), state: PageState.nullable() }),
  z.object({
    type: z.literal("request"),
    request: z.number().int(),
    name: z.string(),
    params: Json.or(z.unknown()),
  }),
  z.object({ type: z.literal("action"), action: Action }),
  /** These trials of the experiment side by side, in a panel of their own. */
  z.object({ type: z.literal("compare"), trialIds: z.array(TrialId).min(LEAST_COMPARED).max(MOST_COMPARED) }),
  z.object({ type: z.literal("problem"), message: z.string().max(10_000) }),
]);
export type FromPage = z.infer<typeof FromPage>;
