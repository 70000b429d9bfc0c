/** Every call between editor and pool: a name, what goes in, what comes out. Both ends check both. */
import * as z from "zod";
import { ANNOTATION_METHODS } from "./annotations.ts";
import { Bytes, Json, JsonObject, ObjectId, PoolPath, RelativePath, TimeMs, Uuid } from "./base.ts";
import { COLLECTION_METHODS } from "./collection.ts";
import { ExperimentConfiguration } from "./configuration.ts";
import {
  Checkpoint,
  Experiment,
  ExperimentId,
  PoolDisk,
  PoolInfo,
  Run,
  RunId,
  Slot,
  SnapshotInfo,
  Trial,
  TrialId,
} from "./entities.ts";
import { ENVIRONMENT_METHODS } from "./environments.ts";
import { IMPORT_METHODS } from "./imports.ts";
import { OutputSize, PoolEvent, Series, SeriesState, Stream } from "./events.ts";
import { Beyond, Bounded, LIST_METHODS } from "./lists.ts";
import { OUTPUT_METHODS } from "./output.ts";
import { LONGEST_WAIT_MS } from "./outputLimits.ts";
import { Manifest } from "./runDirectory.ts";
import { SCHEDULING_METHODS } from "./scheduling.ts";
import { SEARCH_METHODS } from "./search.ts";

const Nothing = z.object({});
const Version = z.object({ major: z.number().int(), minor: z.number().int() });

export const Launcher = z.enum(["python", "torchrun"]);
export type Launcher = z.infer<typeof Launcher>;

export const SubmitRequest = z.object({
  /** Made by the client: sending the same submission twice gives the same experiment. */
  submissionId: Uuid,
  name: z.string().min(1).max(250),
  workspace: z.string(),
  /** Relative to the start directory. */
  script: RelativePath,
  /** The workspace folder's counterpart in the snapshot: where the run starts. */
  directory: RelativePath,
  arguments: z.array(z.string()).max(10_000),
  snapshot: SnapshotInfo,
  interpreter: z.string().min(1),
  configuration: z.object({
    value: ExperimentConfiguration,
    /** The file as it was written, for display; null when there was none. */
    source: z.object({ path: z.string(), text: z.string().max(10 * 1024 * 1024) }).nullable(),
  }),
  slotsPerTrial: z.number().int().min(0).max(1024),
  /** `torchrun` starts one process for each slot; without effect on an entrypoint of the configuration. */
  launcher: Launcher.default("python"),
  /** Values of `${secret:NAME}`: kept in memory and a 0600 file of the pool while the experiment lives, shown nowhere. */
  secrets: z.record(z.string(), z.string()),
  startFrom: Uuid.nullable(),
});
export type SubmitRequest = z.infer<typeof SubmitRequest>;

/** Who an action is for: an experiment (all its trials) or one trial. */
export const Target = z.union([z.object({ experimentId: ExperimentId }), z.object({ trialId: TrialId })]);
export type Target = z.infer<typeof Target>;

export const RunFile = z.object({
  path: RelativePath,
  bytes: z.number(),
  modifiedAt: TimeMs,
  isDirectory: z.boolean(),
});
export type RunFile = z.infer<typeof RunFile>;

/** A port of the pool's host, reached there at 127.0.0.1, and the name of the process that listens. */
export const RunPort = z.object({ port: z.number().int().min(1).max(65_535), process: z.string().max(100) });
export type RunPort = z.infer<typeof RunPort>;

/** Bulk bytes travel by HTTP on the same socket; a ticket names one thing and ends with its connection. */
export const BulkSource = z.discriminatedUnion("type", [
  z.object({ type: z.literal("checkpointFile"), uuid: Uuid, path: RelativePath }),
  z.object({ type: z.literal("runFile"), runId: RunId, path: RelativePath }),
]);

/** HTTP's answer for a ticket that is none, or not any more. */
export const NO_TICKET = 410;

export const MAX_SERIES_PER_READ = 1000;

/** A part of one curve. Steps and times (ms since the epoch) are limits of what is meant, both ends included. */
const SeriesPart = Series.extend({
  cursor: z.number().int().nonnegative(),
  resolution: z
    .object({
      points: z.number().int().min(2).max(100_000),
      fromStep: z.number().nullable(),
      toStep: z.number().nullable(),
      fromTimeMs: z.number().nullable().optional(),
      toTimeMs: z.number().nullable().optional(),
    })
    .nullable(),
});
const SeriesPoints = z.object({
  columns: Bytes,
  count: z.number().int(),
  cursor: z.number().int(),
  total: z.number().int(),
  revision: z.number().int(),
});

export const METHODS = {
  hello: {
    params: z.object({ protocol: Version, client: z.object({ name: z.string(), version: z.string() }) }),
    result: z.object({ protocol: Version, pool: PoolInfo }),
  },
  "pool/status": {
    params: Nothing,
    result: z.object({
      pool: PoolInfo,
      slots: z.array(Slot),
      waiting: z.number(),
      running: z.number(),
      diskFreeBytes: z.number(),
      disk: PoolDisk.optional(),
    }),
  },
  /**
   * Starts the flow of `events` notifications. `after` is the last number that the client has: if the table still
   * reaches back to it, `snapshot` is null and the missing events follow; otherwise the snapshot is as of `seq`: complete, or
   * with `bounded` only what runs, what waits and what is new. Of searches it then has the trials that hold slots, and no runs
   * and checkpoints at all; the rest is asked for when it is shown (lists.ts). Events tell of everything all the same.
   */
  subscribe: {
    params: z.object({
      after: z.number().int().nonnegative().nullable(),
      bounded: Bounded.optional(),
    }),
    result: z.object({
      seq: z.number().int().nonnegative(),
      snapshot: z
        .object({
          experiments: z.array(Experiment),
          trials: z.array(Trial),
          runs: z.array(Run),
          checkpoints: z.array(Checkpoint),
          slots: z.array(Slot),
          /** Null, or left out: nothing is missing. */
          beyond: Beyond.nullable().optional(),
        })
        .nullable(),
    }),
  },
  /** What is at these paths of the pool's host, for data that is there already. Nothing is listed. */
  "path/check": {
    params: z.object({ paths: z.array(PoolPath).min(1).max(1000) }),
    result: z.object({
      paths: z.array(
        z.object({
          path: z.string(),
          /** Absolute: `~/` is resolved. */
          target: PoolPath,
          /** Null where there is nothing, or nothing that can be read: `problem` says why. */
          kind: z.enum(["file", "folder", "other"]).nullable(),
          problem: z.string().max(200).nullable(),
        }),
      ),
    }),
  },
  /** Whole set of trials whose `live` notifications this client wants; replaces the set before. */
  watch: { params: z.object({ trialIds: z.array(TrialId).max(1000) }), result: Nothing },

  "snapshot/begin": {
    params: z.object({ tree: ObjectId, bases: z.array(ObjectId).max(100) }),
    /** `missing`: send a thin pack against `bases` by HTTP PUT to `/bulk/<ticket>`, then call snapshot/finish. */
    result: z.object({ present: z.boolean(), bases: z.array(ObjectId), ticket: z.string().nullable() }),
  },
  "snapshot/finish": { params: z.object({ tree: ObjectId, ticket: z.string() }), result: Nothing },
  "snapshot/files": {
    params: z.object({ experimentId: ExperimentId }),
    result: z.object({
      files: z.array(
        z.object({
          path: z.string(),
          bytes: z.number(),
          mode: z.string(),
          /** Git's of its content: two files with the same one are the same. */
          id: ObjectId.optional(),
        }),
      ),
      truncated: z.boolean(),
    }),
  },
  /** One file of the snapshot, up to 10 MB. */
  "snapshot/file": {
    params: z.object({ experimentId: ExperimentId, path: z.string() }),
    result: z.object({ bytes: Bytes }),
  },
  /** The snapshot as a pack (for checking it out beside a restored checkpoint): HTTP GET `/bulk/<ticket>`. */
  "snapshot/fetch": {
    params: z.object({ experimentId: ExperimentId }),
    result: z.object({ tree: ObjectId, ticket: z.string() }),
  },

  "experiment/submit": {
    params: SubmitRequest,
    result: z.object({ experimentId: ExperimentId, trialId: TrialId.nullable() }),
  },
  "experiment/get": {
    params: z.object({
      experimentId: ExperimentId,
      /** `none`: without trials, runs and checkpoints, of which there may be more than one answer can hold (lists.ts). */
      contents: z.enum(["all", "none"]).default("all"),
    }),
    result: z.object({
      experiment: Experiment,
      trials: z.array(Trial),
      runs: z.array(Run),
      checkpoints: z.array(Checkpoint),
      configuration: z.object({
        value: ExperimentConfiguration,
        source: z.object({ path: z.string(), text: z.string() }).nullable(),
      }),
      /** What was asked for, which a command line for display does not tell: to ask for the same again. */
      request: SubmitRequest.pick({ arguments: true, launcher: true })
        .extend({ startFrom: Uuid.nullable().optional() })
        .optional(),
    }),
  },
  "experiment/list": { params: Nothing, result: z.object({ experiments: z.array(Experiment) }) },
  "experiment/rename": {
    params: z.object({ experimentId: ExperimentId, name: z.string().min(1).max(250) }),
    result: Nothing,
  },
  /** With `confirm: false` only counts what would go. Living trials are killed first. */
  "experiment/delete": {
    params: z.object({ experimentId: ExperimentId, confirm: z.boolean() }),
    result: z.object({ bytes: z.number(), checkpoints: z.number(), deleted: z.boolean() }),
  },
  "experiment/setMetric": {
    params: z.object({
      experimentId: ExperimentId,
      group: z.string(),
      name: z.string(),
      smallerIsBetter: z.boolean(),
    }),
    result: Nothing,
  },
  "trial/pause": { params: Target, result: Nothing },
  "trial/resume": { params: Target, result: Nothing },
  "trial/stop": { params: Target, result: Nothing },
  "trial/kill": { params: Target, result: Nothing },

  "series/list": {
    params: z.object({ trialId: TrialId }),
    result: z.object({ series: z.array(SeriesState) }),
  },
  /**
   * Points of one curve. `columns` is Float64 little-endian, four columns of `count` values one after the other:
   * step, time (ms since the epoch), value, superseded (0 or 1). With `resolution` the range is reduced to at most that
   * many points by minimum and maximum of each stretch of points (the first and the last point are always there); without it the points from
   * `cursor` on come as they are, at most 100,000 a call: call again from the returned cursor while it is below `total`.
   */
  "series/read": { params: SeriesPart, result: SeriesPoints },
  /**
   * The same of many curves in one answer: of the first of them, as many as fit into some megabytes (at least one). Ask again for
   * the rest. One that does not exist is empty.
   */
  "series/readMany": {
    params: z.object({ reads: z.array(SeriesPart).min(1).max(MAX_SERIES_PER_READ) }),
    result: z.object({ reads: z.array(SeriesPoints) }),
  },
  /** The ends of the curves of many trials. Those that do not exist have none. */
  "series/listMany": {
    params: z.object({ trialIds: z.array(TrialId).max(MAX_SERIES_PER_READ) }),
    result: z.object({ series: z.array(SeriesState) }),
  },
  /**
   * Output by byte offset, at most 4 MiB a call. A negative offset counts from the end. Of what was dropped at the start
   * (`dropped` bytes) nothing comes: the answer's offset is where it begins.
   */
  "output/read": {
    params: z.object({
      runId: RunId,
      stream: Stream,
      offset: z.number().int(),
      limit: z
        .number()
        .int()
        .min(1)
        .max(4 * 1024 * 1024),
      /** Where there is nothing at the offset yet: so long it is waited for. A connection may wait for 16 at a time. */
      waitMs: z.number().int().min(0).max(LONGEST_WAIT_MS).optional(),
    }),
    result: z.object({
      bytes: Bytes,
      offset: z.number().int(),
      size: z.number().int(),
      ended: z.boolean(),
      dropped: z.number().int().default(0),
    }),
  },
  /** Files that the run left or changed; those of the snapshot and linked data are not among them. */
  "run/files": {
    params: z.object({ runId: RunId, path: RelativePath }),
    result: z.object({ files: z.array(RunFile), truncated: z.boolean() }),
  },
  /** What the run's processes serve on their host's loopback; nothing once it has ended. */
  "run/ports": {
    params: z.object({ runId: RunId }),
    result: z.object({ ports: z.array(RunPort).max(1000) }),
  },
  "run/provenance": {
    params: z.object({ runId: RunId }),
    result: z.object({ provenance: JsonObject.nullable() }),
  },

  "checkpoint/manifest": { params: z.object({ uuid: Uuid }), result: z.object({ manifest: Manifest }) },
  "checkpoint/pin": { params: z.object({ uuid: Uuid, pinned: z.boolean() }), result: Nothing },
  "bulk/open": { params: BulkSource, result: z.object({ ticket: z.string(), bytes: z.number() }) },
  "server/stop": { params: Nothing, result: Nothing },
  ...ANNOTATION_METHODS,
  ...COLLECTION_METHODS,
  ...ENVIRONMENT_METHODS,
  ...IMPORT_METHODS,
  ...LIST_METHODS,
  ...OUTPUT_METHODS,
  ...SCHEDULING_METHODS,
  ...SEARCH_METHODS,
} as const satisfies Record<string, { params: z.ZodType; result: z.ZodType }>;

export type MethodName = keyof typeof METHODS;
/** What a caller gives, before defaults are filled in. */
export type Input<M extends MethodName> = z.input<(typeof METHODS)[M]["params"]>;
/** What a handler gets. */
export type Params<M extends MethodName> = z.output<(typeof METHODS)[M]["params"]>;
export type Result<M extends MethodName> = z.output<(typeof METHODS)[M]["result"]>;

/** From the server, unasked. */
export const NOTIFICATIONS = {
  /**
   * All that happened after number `after` and up to the last event's. Of each thing only the newest state may be there, so
   * numbers may be missing in between: only a client whose last number is below `after` lacks something.
   */
  events: z.object({ after: z.number().int().nonnegative(), events: z.array(PoolEvent).min(1) }),
  /** For watched trials, coalesced (at most every 100 ms): what can be pulled by cursor now. */
  live: z.object({
    trialId: TrialId,
    progress: z.number().nullable(),
    series: z.array(SeriesState),
    output: OutputSize.nullable(),
  }),
  /** After `subscribe`, and when another thing is wrong with it. Apart from the events, which need room in a table. */
  disk: PoolDisk,
} as const;
export type NotificationName = keyof typeof NOTIFICATIONS;
export type Notification<N extends NotificationName> = z.output<(typeof NOTIFICATIONS)[N]>;

/** JSON-RPC error codes of ours. `data` is an ErrorData. */
export const ERROR_CODES = {
  notFound: -32001,
  refused: -32002,
  invalid: -32003,
  version: -32004,
  unavailable: -32005,
} as const;
export const ErrorData = z.object({
  /** What to do next, as a sentence. */
  remedy: z.string().optional(),
  details: Json.optional(),
});
