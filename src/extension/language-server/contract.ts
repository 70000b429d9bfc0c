/**
 * What the extension and the language server tell each other beside LSP. The extension has the pools; the server asks for what
 * it shows of them and is told when that may be another. Both ends are of one build, so nothing is checked again here: what came
 * from a pool or a script was checked where it came in.
 */
import type { Json } from "../../cluster/protocol/base.ts";
import type { Frame, Slot, TrialState } from "../../cluster/protocol/entities.ts";
import type { Pace } from "../../cluster/protocol/search.ts";
import type { StartsIn } from "../../cluster/protocol/scheduling.ts";

/** `method: params` of notifications from the extension, which replace what was told before. */
export interface ToServer {
  "trainyard/state": EditorState;
  /** Results of scripts may be others: what is on screen is asked for anew. Null: of any script. */
  "trainyard/historyChanged": { scripts: readonly string[] | null };
}

/** `method: [params, result]` of requests of the server. An answer of null: not known now; `trainyard/historyChanged` tells when to ask again. */
export interface ToExtension {
  "trainyard/history": [{ script: string }, ScriptHistory | null];
  "trainyard/forecast": [ForecastRequest, Forecast | null];
  /** A file of an experiment's snapshot, `path` relative to its root. */
  "trainyard/snapshotText": [{ poolId: string; experimentId: number; path: string }, string | null];
  /** Of the chosen pool, the newest first. `prefix` is what is typed of a uuid. */
  "trainyard/checkpoints": [{ prefix: string }, readonly CheckpointFacts[] | null];
}

export type Theme = "light" | "dark" | "highContrast" | "highContrastLight";

export interface EditorState {
  /** Absolute folders. */
  readonly folders: readonly string[];
  readonly isTrusted: boolean;
  readonly settings: { readonly lenses: boolean; readonly hints: boolean };
  readonly theme: Theme;
  readonly pools: readonly PoolFacts[];
  /** The pool that submits of this workspace go to. */
  readonly chosenPool: string;
  /** What scripts were submitted with last: absolute paths. `auto`: what lies beside it, or its own block. Null: without one. */
  readonly submitted: readonly { readonly script: string; readonly configuration: string | null }[];
  /** Files that a person meant as configurations and that were refused, whatever is in them: absolute paths. */
  readonly configurations: readonly string[];
}

export interface PoolFacts {
  readonly id: string;
  readonly name: string;
  /** False: what follows may be old, or empty. */
  readonly isConnected: boolean;
  readonly slots: readonly { readonly name: string; readonly kind: string; readonly state: Slot["state"] }[];
  /** The newest first, at most 200; trials are told of the newest 50. */
  readonly experiments: readonly ExperimentFacts[];
  /** There are more than those. */
  readonly hasMore: boolean;
}

export interface ExperimentFacts {
  readonly id: number;
  readonly name: string;
  readonly state: string;
  /** Trials that it has made: their numbers are 1 to this. */
  readonly trialsMade: number;
  /** Of those that are known here, at most 20, the best first. */
  readonly trials: readonly {
    readonly id: string;
    readonly state: TrialState;
    readonly best: number | null;
  }[];
}

export interface CheckpointFacts {
  readonly uuid: string;
  readonly trialId: string;
  readonly step: number;
  readonly createdAt: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface ForecastRequest {
  readonly script: string | null;
  readonly configuration: string | null;
  readonly timeMetric: string | null;
  readonly slotsPerTrial: number;
  readonly priority: number | null;
}

export interface Forecast {
  readonly poolName: string;
  readonly pace: Pace | null;
  readonly usableSlots: number;
  readonly startsIn: StartsIn | null;
  /** Why it would wait, as a sentence. */
  readonly reason: string;
}

/** What experiments of one script came to, on the pool that submits go to. */
export interface ScriptHistory {
  readonly poolId: string;
  readonly poolName: string;
  /** Trials. */
  readonly running: number;
  readonly waiting: number;
  /** Of its newest experiment that ended, or is paused: the best, else one that ended. */
  readonly last: TrialFacts | null;
  /** By the experiments' own metric; null when none has one. */
  readonly best: TrialFacts | null;
  /** The newest first, at most 8: of a search its best. */
  readonly trials: readonly TrialFacts[];
  /** By `group/name`: the newest trial's that reported it. */
  readonly metrics: Readonly<Record<string, MetricFacts>>;
  /** Of trials that failed after the newest success. */
  readonly failures: readonly FailureFacts[];
  readonly nan: { readonly trial: TrialFacts; readonly metric: string; readonly step: number } | null;
}

export interface TrialFacts {
  readonly experimentId: number;
  readonly trialId: string;
  readonly state: TrialState;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** Its experiment's metric. */
  readonly metric: {
    readonly name: string;
    /** Always finite. */
    readonly value: number;
    readonly smallerIsBetter: boolean;
  } | null;
  /** Each parameter that it had, by dotted name. */
  readonly parameters: Readonly<Record<string, Json>>;
  /** The script as that trial's snapshot has it: relative to the snapshot's root. */
  readonly path: string;
  /** Git's of the snapshot. */
  readonly tree: string;
}

/** JSON has no other way for the last three; `Number(figure)` is what it was. */
export type Figure = number | "NaN" | "Infinity" | "-Infinity";

export interface MetricFacts {
  readonly trial: TrialFacts;
  readonly step: number;
  readonly value: Figure;
  /** At most 100 points of it. */
  readonly curve: readonly (readonly [step: number, value: Figure])[];
}

export interface FailureFacts {
  readonly trial: TrialFacts;
  readonly message: string;
  /** The outermost first; files relative to the snapshot's root. */
  readonly frames: readonly Frame[];
  /** Of each frame its file on this machine, absolute, as the editor names it. */
  readonly files: readonly string[];
}
