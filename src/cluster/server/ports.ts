/**
 * What the parts of the server know of each other. main.ts joins the implementations; each part is tested alone.
 *
 *   rpc/          speaks to clients, knows Handlers and nothing of what they do
 *   experiments/  the life of experiments and trials; decides with search/ and scheduler/ (pure), remembers in store/
 *   runs/         run directories: launching, watching, reading what a run reports
 *   trees/        snapshots: packs in, working directories out
 *   resources/    which slots this host has, and who holds them
 *   store/        pool.sqlite and the curves
 */
import type { Failure, LinkedPath, Slot, SnapshotInfo } from "../protocol/entities.ts";
import type { OutputSize, Series, SeriesState, Stream } from "../protocol/events.ts";
import type { MethodName, Notification, NotificationName, Params, Result } from "../protocol/methods.ts";
import type {
  Control,
  Dropped,
  ExitFile,
  RunEvent,
  RunSpec,
  SupervisorFile,
} from "../protocol/runDirectory.ts";

export interface Logger {
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** Thrown by handlers; becomes a JSON-RPC error with the code of that name (ERROR_CODES) and the remedy. */
export interface CallErrorShape {
  reason: "notFound" | "refused" | "invalid" | "version" | "unavailable";
  message: string;
  remedy?: string;
}

// ---- rpc/ ----------------------------------------------------------------------------------------------------------

/** One connected client, as handlers see it. `signal` aborts when the call is cancelled or the client is gone. */
export interface CallContext {
  clientId: number;
  signal: AbortSignal;
}
export type Handlers = {
  [M in MethodName]: (params: Params<M>, context: CallContext) => Promise<Result<M>> | Result<M>;
};

/** Sends to clients. Never blocks: a slow client gets coalesced or newer state, not an unbounded buffer. */
export interface Broadcaster {
  notify<N extends NotificationName>(clientId: number, name: N, value: Notification<N>): void;
  /** Bytes that wait in that client's socket; above 8 MiB nothing but the newest state is sent. */
  pendingBytes(clientId: number): number;
}

/** What a bulk ticket stands for (HTTP GET with Range, or PUT) on the same socket. */
export type BulkTarget =
  | { kind: "file"; path: string; bytes: number }
  | { kind: "stream"; open: () => NodeJS.ReadableStream }
  | { kind: "sink"; receive: (body: NodeJS.ReadableStream, signal: AbortSignal) => Promise<void> };
export interface Tickets {
  /** @returns an unguessable ticket (128 bit) that ends with the client's connection or after an hour */
  issue(clientId: number, target: BulkTarget): string;
}

// ---- runs/ ---------------------------------------------------------------------------------------------------------

export interface LaunchRequest {
  spec: RunSpec;
  /** Snapshot to build `work/` from. */
  tree: string;
  links: LinkedPath[];
  /** Values of spec.secretNames: into the supervisor's environment, into no file of the run. */
  secrets: Record<string, string>;
}
/** What the files of a run say now. `lost`: supervisor and script are gone and left no exit.json. */
export type RunObservation =
  | { runId: string; phase: "starting" }
  /** `silentSince` is when its supervisor, which lives, was last heard of (milliseconds); null: it answers. */
  | { runId: string; phase: "running"; supervisor: SupervisorFile; silentSince: number | null }
  | { runId: string; phase: "ended"; exit: ExitFile }
  | { runId: string; phase: "lost" };
/** Where runs run. This machine is the first adapter; Slurm, Ray and Kubernetes are others. All verbs are idempotent. */
export interface Executor {
  launch(request: LaunchRequest, signal: AbortSignal): Promise<void>;
  poll(runIds: readonly string[]): Promise<RunObservation[]>;
  /** Writes control.json and wakes the supervisor. */
  signal(runId: string, control: Control): Promise<void>;
  /** SIGKILL to the whole tree, also when the supervisor is gone. */
  cancel(runId: string): Promise<void>;
  /** Something that was started here has ended, so that a look is worth it at once. Polling finds it out too. */
  onEnd(listener: () => void): void;
}
/** Why a run ended badly: reads exit.json, the end of stderr.log and its traceback. */
export type Diagnose = (
  runId: string,
  exit: ExitFile | null,
  context: {
    script: string;
    directory: string;
    interpreter: string;
    snapshot: Pick<SnapshotInfo, "root" | "linked" | "leftOut">;
  },
) => Promise<Failure | null>;

/** What a run has reported since the last call. */
export interface RunReport {
  runId: string;
  events: ReportedEvent[];
  /** Lines that were too long or not events. */
  skippedLines: number;
  /** Event files beyond the limit, which are not read. */
  filesLeftOut?: number;
  /** The bytes of the event files that this report was read from. */
  sources: SourceRange[];
}
export interface ReportedEvent {
  rank: number;
  writer: string;
  event: RunEvent;
}
export interface SourceRange {
  file: string;
  from: number;
  to: number;
}
/**
 * Follows the event files of runs by polling. It reads from where the curves end (CurveStore.cursors), so a report that was
 * not appended is handed out again: what is done with a report must be idempotent.
 */
export interface RunFollower {
  follow(runId: string): void;
  /** The run never began: there is nothing to read. */
  forget(runId: string): void;
  /** Reads once more, to the end and chunk by chunk, then forgets the run. */
  finish(runId: string): Iterable<RunReport>;
  /**
   * What runs have reported since what was appended last, piece by piece: append one (or not) before the next is read.
   * Others get their turn between them.
   */
  poll(): AsyncIterable<RunReport>;
}

// ---- store/curves --------------------------------------------------------------------------------------------------

export interface CurveStore {
  /**
   * Points of metrics and system events; which runs belong to which trial follows from the run id. This also moves the
   * place from which the run is read after a restart: so first remember what else the report says (that must be
   * idempotent), then append. A report that does not begin where the last one ended is left out.
   */
  append(report: RunReport): void;
  /** The run is followed: its trial's curves stay in memory, whatever their size, until it is released. */
  hold(runId: string): void;
  release(runId: string): void;
  /** Where reading each event file of a run goes on. */
  cursors(runId: string): ReadonlyMap<string, number>;
  /** Marks the points of earlier runs of the trial beyond `step` as superseded by `runId`. Idempotent. */
  supersede(runId: string, step: number): void;
  list(trialId: string): SeriesState[];
  /** A series that does not exist is empty. */
  read(
    series: Series,
    cursor: number,
    resolution: Params<"series/read">["resolution"],
  ): Result<"series/read">;
  /** Best value, its step and when it was reported; superseded points and other ranks than 0 left out; NaN never is best. */
  best(
    trialId: string,
    group: string,
    name: string,
    smallerIsBetter: boolean,
  ): { value: number; step: number; at: number } | null;
  /** What rank 0 of a run reported at exactly this step, by `<group>/<name>`; the last value of each counts. */
  valuesAt(runId: string, step: number): ReadonlyMap<string, number>;
  /** What the curves of a trial take on disk. */
  bytes(trialId: string): number;
  delete(trialId: string): void;
  close(): void;
}
export interface OutputReader {
  sizes(runId: string): Promise<OutputSize>;
  read(runId: string, stream: Stream, offset: number, limit: number): Promise<OutputPart>;
  /** The file of a stream, and what is gone of it. */
  locate(runId: string, stream: Stream): Promise<{ file: string; dropped: Dropped }>;
}
export interface OutputPart {
  bytes: Uint8Array;
  /** Of the first byte: at least `dropped`. */
  offset: number;
  size: number;
  /** Bytes at the start that are gone. */
  dropped: number;
}

// ---- trees/ --------------------------------------------------------------------------------------------------------

export interface SnapshotFile {
  path: string;
  bytes: number;
  mode: string;
  /** Git's of its content. */
  id: string;
}

export interface SnapshotStore {
  has(tree: string): Promise<boolean>;
  /** Unpacks a (thin) pack into snapshots.git; refuses a pack without the tree or with objects missing. */
  receivePack(tree: string, pack: NodeJS.ReadableStream, signal: AbortSignal): Promise<void>;
  /** A full pack of one tree. */
  openPack(tree: string): NodeJS.ReadableStream;
  files(tree: string, limit: number): Promise<{ files: SnapshotFile[]; truncated: boolean }>;
  readFile(tree: string, path: string, maxBytes: number): Promise<Uint8Array>;
  /** Fills `folder` with the tree: reflinks, copies or hard links (docs/design: `work/`); links what is to be linked. */
  buildWork(tree: string, folder: string, links: LinkedPath[]): Promise<void>;
  /** Keeps the tree without files, for what did not run here. @returns its id */
  keepEmpty(): Promise<string>;
  /** No experiment needs this tree any more. Forgetting twice does no harm. */
  forget(tree: string): Promise<void>;
  /** After a run has ended: removes from `folder` what equals the tree. */
  prune(tree: string, folder: string): Promise<void>;
}

// ---- resources/ ----------------------------------------------------------------------------------------------------

export interface SlotReading {
  slots: Slot[];
  /** Null when the tools have answered just now. Else they are being asked: resolves, never rejects, when they have. */
  news: Promise<void> | null;
}
export interface SlotSource {
  /**
   * Slots of this host: as the tools described them last, and with who holds them at this moment. Waits for no tool, but
   * at the very first time for a moment. Never throws, an error becomes an unusable slot.
   */
  read(): Promise<SlotReading>;
}
