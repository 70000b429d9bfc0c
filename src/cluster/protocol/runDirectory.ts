/** The files that pool and trial share: docs/run-directory.md as zod schemas. Times in seconds, as in the files. */
import * as z from "zod";
import { JsonObject, RelativePath, Uuid } from "./base.ts";

export const RUN_DIRECTORY_VERSION = 1;
/** A longer line of an event file is counted and skipped. */
export const MAX_EVENT_LINE_BYTES = 1024 * 1024;

export const Entrypoint = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("script"),
    interpreter: z.string().min(1),
    script: RelativePath,
    arguments: z.array(z.string()),
  }),
  // Their interpreter is the one that `python` means: its folder comes first on PATH.
  z.object({
    kind: z.literal("command"),
    argv: z.array(z.string()).min(1),
    interpreter: z.string().min(1).optional(),
  }),
  z.object({
    kind: z.literal("shell"),
    command: z.string().min(1),
    interpreter: z.string().min(1).optional(),
  }),
]);
export type Entrypoint = z.infer<typeof Entrypoint>;

export const SpecSlot = z.object({
  id: z.string(),
  kind: z.enum(["cuda", "rocm", "cpu", "custom"]),
  index: z.number().int().nonnegative(),
  lease: z.string().regex(/^[A-Za-z0-9_.-]{1,120}$/),
});
export type SpecSlot = z.infer<typeof SpecSlot>;

/** What can be captured of a script that knows nothing of Trainyard. */
export const CAPTURE_PARTS = ["metrics", "parameters", "checkpoints", "preemption", "timing"] as const;
const CapturePart = z.enum(CAPTURE_PARTS);

/** Where a run that did not run here was brought in from: a tool's name, and the path that was named, for a person. */
export const Imported = z.object({ from: z.string().min(1).max(40), source: z.string().max(4096) });
export type Imported = z.infer<typeof Imported>;

export const RunSpec = z.object({
  version: z.literal(RUN_DIRECTORY_VERSION),
  run: z.string(),
  trial: z.string(),
  experiment: z.number().int().positive(),
  attempt: z.number().int().positive(),
  key: Uuid,
  entrypoint: Entrypoint,
  directory: RelativePath,
  environment: z.record(z.string(), z.string()),
  secretNames: z.array(z.string()),
  hyperparameters: JsonObject,
  seed: z.number().int().min(0).max(2147483647),
  slots: z.array(SpecSlot),
  slotCount: z.number().int().nonnegative().optional(),
  dataPaths: z.array(z.string()).optional(),
  leases: z.string(),
  checkpoints: z.string(),
  latestCheckpoint: z.object({ uuid: Uuid, step: z.number() }).nullable(),
  stopAcknowledgeS: z.number().positive(),
  stopTermS: z.number().positive(),
  preemptionTimeoutS: z.number().positive(),
  outputMetrics: z.boolean(),
  /** What is captured of what the script tells other libraries (docs/capture.md). */
  capture: z.array(CapturePart).optional(),
  /** The experiment's, as it was read: for scripts that ask for it, as Determined's do. */
  configuration: JsonObject.optional(),
  /** It ran elsewhere: nothing of it is ever started. With what its experiment is called. */
  imported: Imported.extend({
    name: z.string().min(1).max(250),
    labels: z.array(z.string().min(1).max(50)).max(50),
    notes: z.string().max(100_000),
    workspace: z.string().max(4096),
  }).optional(),
  /** Of each stream; null: no limit. */
  outputLimitBytes: z.number().positive().nullable().optional(),
});
export type RunSpec = z.infer<typeof RunSpec>;

/** What was dropped from the start of a stream; a whole number of these, so that line counts of such stretches stay right. */
export const DROPPED_UNIT_BYTES = 1024 * 1024;
const Dropped = z.object({
  bytes: z.number().int().nonnegative().multipleOf(DROPPED_UNIT_BYTES),
  /** Of the lines that ended in them. */
  lines: z.number().int().nonnegative(),
});
export type Dropped = z.infer<typeof Dropped>;
export const DroppedFile = z.object({
  version: z.literal(RUN_DIRECTORY_VERSION),
  stdout: Dropped.default({ bytes: 0, lines: 0 }),
  stderr: Dropped.default({ bytes: 0, lines: 0 }),
});

export const ControlAction = z.enum(["run", "pause", "preempt", "stop", "kill"]);
export type ControlAction = z.infer<typeof ControlAction>;

export const Control = z.object({
  version: z.literal(RUN_DIRECTORY_VERSION),
  control: z.number().int().positive(),
  action: ControlAction,
  reason: z.string(),
  at: z.number(),
});
export type Control = z.infer<typeof Control>;

const ProcessName = z.object({
  pid: z.number().int().positive(),
  startTicks: z.number().int().nonnegative(),
});

export const SupervisorFile = ProcessName.extend({
  version: z.literal(RUN_DIRECTORY_VERSION),
  host: z.string(),
  bootId: z.string(),
  script: ProcessName.nullable(),
  startedAt: z.number(),
  heartbeatAt: z.number(),
  adopted: z.boolean(),
});
export type SupervisorFile = z.infer<typeof SupervisorFile>;

export const LaunchError = z.object({
  kind: z.enum(["lease", "interpreter", "exec", "directory"]),
  message: z.string(),
  /** Such as "ENOSPC", where a call failed. */
  errno: z.string().nullable().optional(),
});

export const ExitFile = z.object({
  version: z.literal(RUN_DIRECTORY_VERSION),
  code: z.number().int().nullable(),
  signal: z.string().nullable(),
  startedAt: z.number().nullable(),
  endedAt: z.number(),
  acknowledged: z.object({ control: z.number().int(), action: ControlAction }).nullable(),
  asked: ControlAction.nullable(),
  escalated: z.enum(["SIGTERM", "SIGKILL"]).nullable(),
  peakMemoryBytes: z.number().nullable(),
  memoryLimitBytes: z.number().nullable(),
  outOfMemory: z.boolean(),
  killedChildren: z.number().int().nonnegative(),
  launchError: LaunchError.nullable(),
});
export type ExitFile = z.infer<typeof ExitFile>;

/** A number, where NaN and the infinities, which JSON lacks, are strings. */
export const WireNumber = z
  .union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])])
  .transform((value) => Number(value));

export const GroupName = z
  .string()
  .min(1)
  .max(64)
  // eslint-disable-next-line no-control-regex
  .regex(/^[^.\u0000-\u001f]+$/);
export const MetricName = z
  .string()
  .min(1)
  .max(250)
  // eslint-disable-next-line no-control-regex
  .regex(/^[^\u0000-\u001f]+$/);

/** `captured`: told to another library, such as wandb.init(config=...). */
export const ParameterOrigin = z.enum(["configuration", "flag", "default", "captured"]);

const common = { seq: z.number().int().positive(), t: z.number() };
const Values = z.record(MetricName, WireNumber);

export const RunEvent = z.discriminatedUnion("type", [
  z.object({ ...common, type: z.literal("metrics"), group: GroupName, step: z.number(), values: Values }),
  z.object({ ...common, type: z.literal("checkpoint"), uuid: Uuid, step: WireNumber }),
  z.object({ ...common, type: z.literal("unneeded"), uuid: Uuid }),
  z.object({ ...common, type: z.literal("progress"), fraction: z.number().min(0).max(1) }),
  z.object({
    ...common,
    type: z.literal("params"),
    values: JsonObject,
    origin: z.record(z.string(), ParameterOrigin),
  }),
  z.object({ ...common, type: z.literal("ack"), control: z.number().int(), action: ControlAction }),
  z.object({ ...common, type: z.literal("system"), values: Values }),
  z.object({
    ...common,
    type: z.literal("warning"),
    code: z.string().max(80),
    message: z.string().max(4000),
  }),
  z.object({
    ...common,
    type: z.literal("captured"),
    library: z.string().max(80),
    version: z.string().max(80),
    name: z.string().max(250).optional(),
    notes: z.string().max(10_000).optional(),
    labels: z.array(z.string().max(50)).max(50).optional(),
  }),
  z.object({ ...common, type: z.literal("invalid_hp"), message: z.string().max(4000) }),
]);
export type RunEvent = z.infer<typeof RunEvent>;

export const EVENT_FILE_NAME = /^(\d{1,6})-([A-Za-z0-9_.-]{1,80})\.jsonl$/;

export const ManifestFile = z.object({
  path: RelativePath,
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ManifestFile = z.infer<typeof ManifestFile>;

export const Manifest = z.object({
  version: z.literal(RUN_DIRECTORY_VERSION),
  uuid: Uuid,
  run: z.string(),
  trial: z.string(),
  step: WireNumber,
  createdAt: z.number(),
  metadata: JsonObject,
  metrics: z.record(z.string(), WireNumber),
  files: z.array(ManifestFile),
});
export type Manifest = z.infer<typeof Manifest>;

export const LeaseHolder = z.object({
  account: z.string(),
  host: z.string(),
  pid: z.number().int(),
  run: z.string(),
  pool: z.string(),
  since: z.number(),
  /** How often the holder touches the file, in seconds; one that does not say so does not. */
  heartbeatS: z.number().positive().optional(),
});
export type LeaseHolder = z.infer<typeof LeaseHolder>;
