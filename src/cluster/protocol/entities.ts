/** What a pool holds, as both ends see it. Events carry whole entities, so applying one twice does no harm. */
import * as z from "zod";
import { Json, JsonObject, ObjectId, RelativePath, TimeMs, Uuid } from "./base.ts";
import { Imported, ParameterOrigin, SpecSlot } from "./runDirectory.ts";

export const ExperimentId = z.number().int().positive();
/** `"12.3"`: the third trial of experiment 12. */
export const TrialId = z.string().regex(/^\d{1,9}\.\d{1,9}$/, "not a trial id (for example 12.3)");
/** `"12.3.1"`: the first attempt of trial 12.3. Also the name of its folder in the pool. */
export const RunId = z.string().regex(/^\d{1,9}\.\d{1,9}\.\d{1,9}$/, "not a run id (for example 12.3.1)");

export const TrialState = z.enum([
  "waiting", // in the queue for slots
  "starting", // slots are taken, the script has not begun
  "running",
  "pausing", // asked to checkpoint and give its slots back
  "paused",
  "stopping", // asked to end for good
  "completed",
  "stopped", // ended because a person or the searcher asked
  "failed",
  "killed",
]);
export type TrialState = z.infer<typeof TrialState>;
export const FINAL_TRIAL_STATES = [
  "completed",
  "stopped",
  "failed",
  "killed",
] as const satisfies TrialState[];

/** A person's own short word for a thing, to find it by. */
export const Label = z
  .string()
  .trim()
  .min(1)
  .max(50)
  // eslint-disable-next-line no-control-regex
  .regex(/^[^\u0000-\u001f]+$/, "a label is one line");
/** Markdown, shown without scripts or pictures from elsewhere. */
export const Notes = z.string().max(100_000);
/** 1 to 99, lower is served first. */
export const Priority = z.number().int().min(1).max(99);
export const DEFAULT_PRIORITY = 42;

/** An experiment's state follows from its trials: the most lively of them, failed only when all failed. */
export const ExperimentState = z.enum([
  "waiting",
  "running",
  "paused",
  "completed",
  "stopped",
  "failed",
  "killed",
]);
export type ExperimentState = z.infer<typeof ExperimentState>;

export const RunOutcome = z.enum([
  "completed",
  "failed",
  "paused",
  "preempted",
  "stopped",
  "killed",
  "lost",
  "unstarted",
]);
export type RunOutcome = z.infer<typeof RunOutcome>;

/** `file` is relative to the snapshot's root. */
export const Frame = z.object({
  file: RelativePath,
  line: z.number().int().positive(),
  function: z.string().nullable(),
});
export type Frame = z.infer<typeof Frame>;

/** Why something failed, for the first line of the panel and for the jump to the line. */
export const Failure = z.object({
  kind: z.enum([
    "exception",
    "signal",
    "exit_code",
    "out_of_memory",
    "missing_import",
    "launch",
    "invalid_hp",
    "lost",
  ]),
  /** One sentence: what happened and, where known, what to do next. */
  message: z.string(),
  exception: z.object({ type: z.string(), message: z.string() }).nullable(),
  /** The last frame in the person's own code. */
  frame: Frame.nullable(),
  /** All frames in the person's own code, the outermost first, of very deep ones the innermost. Servers before 0.4 do not say them. */
  frames: z.array(Frame).max(50).optional(),
  interpreter: z.string().nullable(),
  missingModule: z.string().nullable(),
  peakMemoryBytes: z.number().nullable(),
  memoryLimitBytes: z.number().nullable(),
  /** It looked for a path (of the snapshot's root) that was left out, by itself or with the folder `leftOut`. */
  notSent: z.object({ path: RelativePath, leftOut: RelativePath }).optional(),
});
export type Failure = z.infer<typeof Failure>;

/** A path at the top of the workspace that is in no snapshot. */
export const LinkedPath = z.object({ path: RelativePath, target: z.string(), reason: z.string() });
export type LinkedPath = z.infer<typeof LinkedPath>;
export const LeftOutPath = z.object({
  path: z.string(),
  reason: z.string(),
  bytes: z.number().nullable(),
  /** It can be linked into later runs instead: it is ignored, and runs see this machine's files. */
  linkable: z.boolean().optional(),
  /** It can be part of later snapshots: git ignores it, or the person leaves it out, and nothing else is against it. */
  sendable: z.boolean().optional(),
});
export type LeftOutPath = z.infer<typeof LeftOutPath>;

export const SnapshotInfo = z.object({
  /** The git tree id: the exact code that every run of the experiment sees. */
  tree: ObjectId,
  files: z.number().int().nonnegative(),
  bytes: z.number().nonnegative(),
  takenAt: TimeMs,
  /** The snapshot's root on the person's machine, for display and for jumping to lines. */
  root: z.string(),
  /** HEAD of the person's repository and whether the tree differs from it; null without git. */
  head: z.object({ commit: ObjectId, branch: z.string().nullable(), modified: z.boolean() }).nullable(),
  linked: z.array(LinkedPath).max(10_000),
  leftOut: z.array(LeftOutPath).max(10_000),
});
export type SnapshotInfo = z.infer<typeof SnapshotInfo>;

export const MetricChoice = z.object({
  group: z.string(),
  name: z.string(),
  smallerIsBetter: z.boolean(),
  /** Where the choice comes from: `only_validation` and `guess` may change with what is reported later. */
  origin: z.enum(["configuration", "only_validation", "guess", "person"]),
});
export type MetricChoice = z.infer<typeof MetricChoice>;

/** `at`: when it was reported. */
const BestOfTrial = z.object({ value: z.number(), step: z.number(), at: TimeMs.optional() });
export const BestValue = BestOfTrial.extend({ trialId: TrialId });

/** What a search asks before it goes on; it is paused until a person resumes or stops it. */
export const Question = z.object({
  kind: z.literal("sameFailure"),
  message: z.string(),
  /** The line and the exception that are the same in all of them. */
  place: z.string(),
  trialIds: z.array(TrialId),
});
export type Question = z.infer<typeof Question>;

export const Experiment = z.object({
  id: ExperimentId,
  name: z.string(),
  state: ExperimentState,
  createdAt: TimeMs,
  endedAt: TimeMs.nullable(),
  /** The workspace that it was submitted from: an absolute path on the person's machine; empty where it is not known. */
  workspace: z.string(),
  script: z.string(),
  /** What will be executed, for display. */
  commandLine: z.array(z.string()),
  slotsPerTrial: z.number().int().nonnegative(),
  searcher: z.string(),
  snapshot: SnapshotInfo,
  /** Path of the configuration relative to the snapshot root, or null when the script simply ran. */
  configuration: z.string().nullable(),
  metric: MetricChoice.nullable(),
  best: BestValue.nullable(),
  trialCounts: z.partialRecord(TrialState, z.number().int().nonnegative()),
  /** Trials that the searcher will create in all, if it knows. */
  trialsPlanned: z.number().int().nullable(),
  warnings: z.array(z.string()),
  priority: Priority.default(DEFAULT_PRIORITY),
  /** Its part of the pool against the other experiments of its priority. */
  weight: z.number().positive().default(1),
  /** Slots that all its trials together may hold; null: all. */
  maxSlots: z.number().int().positive().nullable().default(null),
  notes: Notes.default(""),
  labels: z.array(Label).max(50).default([]),
  question: Question.nullable().default(null),
  /** It ran elsewhere, and was brought in from what another tool logged. Absent otherwise. */
  imported: Imported.optional(),
});
export type Experiment = z.infer<typeof Experiment>;

export const Trial = z.object({
  id: TrialId,
  experimentId: ExperimentId,
  number: z.number().int().positive(),
  state: TrialState,
  /** While waiting, pausing or stopping: for what, in one sentence that a person can read. Otherwise null. */
  waitReason: z.string().nullable(),
  hyperparameters: JsonObject,
  /** Every parameter that the script read, with where its value came from. */
  parameters: z.record(z.string(), z.object({ value: Json, origin: ParameterOrigin })),
  seed: z.number().int(),
  createdAt: TimeMs,
  startedAt: TimeMs.nullable(),
  endedAt: TimeMs.nullable(),
  attempts: z.number().int().nonnegative(),
  restarts: z.number().int().nonnegative(),
  currentRun: RunId.nullable(),
  slots: z.array(z.string()),
  latestStep: z.number().nullable(),
  progress: z.number().min(0).max(1).nullable(),
  best: BestOfTrial.nullable(),
  latestCheckpoint: Uuid.nullable(),
  /** Pausing needs a script that checkpoints; `reason` says why it cannot be paused, else null. */
  pausable: z.object({ possible: z.boolean(), reason: z.string().nullable() }),
  /** The first metric that was not a number, if any. */
  nan: z.object({ metric: z.string(), step: z.number() }).nullable(),
  failure: Failure.nullable(),
  warnings: z.array(z.string()),
  /** Libraries whose reports are captured (docs/capture.md), with the version of each. Absent: none yet. */
  captured: z.array(z.object({ library: z.string(), version: z.string() })).optional(),
  /** What a person calls it; null: by its number. */
  name: z.string().min(1).max(250).nullable().default(null),
  notes: Notes.default(""),
  labels: z.array(Label).max(50).default([]),
  starred: z.boolean().default(false),
});
export type Trial = z.infer<typeof Trial>;

export const Run = z.object({
  id: RunId,
  trialId: TrialId,
  attempt: z.number().int().positive(),
  outcome: RunOutcome.nullable(),
  startedAt: TimeMs.nullable(),
  endedAt: TimeMs.nullable(),
  slots: z.array(z.string()),
  pid: z.number().int().nullable(),
  exitCode: z.number().int().nullable(),
  signal: z.string().nullable(),
  failure: Failure.nullable(),
  /** Step that it started from: points of earlier runs beyond it are superseded. Null for a fresh start. */
  resumedFromStep: z.number().nullable(),
});
export type Run = z.infer<typeof Run>;

export const Checkpoint = z.object({
  uuid: Uuid,
  experimentId: ExperimentId,
  trialId: TrialId,
  runId: RunId,
  step: z.number(),
  createdAt: TimeMs,
  bytes: z.number().nonnegative(),
  files: z.number().int().nonnegative(),
  /** By `<group>/<name>`: what was reported for its own step, before it or after it, else last before it. */
  metrics: z.record(z.string(), z.number()),
  metadata: JsonObject,
  pinned: z.boolean(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

/** Who holds a slot, whichever pool it is of: what its lease says. */
export const SlotHolder = z.object({
  account: z.string(),
  /** `12.1.1` of that pool. */
  run: z.string(),
  /** Of its supervisor. */
  pid: z.number().int(),
  since: TimeMs,
  /** When it answered last, if it does not any more: it hangs, or was stopped. */
  silentSince: TimeMs.nullable(),
});
export type SlotHolder = z.infer<typeof SlotHolder>;

export const Slot = SpecSlot.extend({
  name: z.string(),
  memoryBytes: z.number().nullable(),
  usedMemoryBytes: z.number().nullable(),
  utilisation: z.number().nullable(),
  state: z.enum(["free", "held", "foreign", "unusable"]),
  /** Who holds it, or what is wrong with it: one line. */
  detail: z.string().nullable(),
  trialId: TrialId.nullable(),
  /** Servers before 0.3 do not say it. */
  holder: SlotHolder.nullish(),
});
export type Slot = z.infer<typeof Slot>;

/** The disk that the pool's folder is on, as its server sees it. Nothing new is started but while it is `ok` or `filling`. */
export const PoolDisk = z.object({
  state: z.enum([
    "ok",
    "filling", // it will be full before what runs has ended
    "full", // or a quota is used up
    "failing", // it answers with errors, or is read-only
    "silent", // it does not answer
  ]),
  /** What is wrong and what to do, in sentences for a person; null while nothing is. */
  message: z.string().nullable(),
  freeBytes: z.number().nullable(),
  totalBytes: z.number().nullable(),
});
export type PoolDisk = z.infer<typeof PoolDisk>;

export const PoolInfo = z.object({
  /** A random id that a pool folder keeps for life. */
  id: Uuid,
  host: z.string(),
  folder: z.string(),
  account: z.string(),
  serverVersion: z.string(),
  serverPid: z.number().int(),
  startedAt: TimeMs,
});
export type PoolInfo = z.infer<typeof PoolInfo>;
