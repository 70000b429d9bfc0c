/** What the server keeps beside the entities that clients see. */
import type { Checkpoint, Experiment, Run, Trial } from "../../protocol/entities.ts";
import type { Stream } from "../../protocol/events.ts";
import type { SubmitRequest } from "../../protocol/methods.ts";
import type { Control, RunSpec } from "../../protocol/runDirectory.ts";
import type { TrialLife } from "../experiments/lifecycle.ts";
import type { SearcherState } from "../../search/searcher.ts";

export interface ExperimentRecord {
  experiment: Experiment;
  own: {
    request: Omit<SubmitRequest, "secrets">;
    experimentSeed: number;
    searcher: SearcherState;
    /** Checkpoint to start from, with its step as it was when this was submitted. */
    startFrom: { uuid: string; step: number } | null;
    /** The configuration itself set max_restarts above 0. */
    restartsWithoutProgress: boolean;
    /** A person paused or ended all of it, so its searcher begins nothing more: not yet, or never. Absent otherwise. */
    held?: "paused" | "ended";
  };
}

export interface TrialRecord {
  trial: Trial;
  own: {
    /** Place in the queue: lower is served first. */
    queuedAt: number;
    asked: TrialLife["asked"];
    hasProgress: boolean;
    /** The newest control.json of the current run. */
    control: Control | null;
    /** After a refused lease or a lost run: not tried again before this time (ms). */
    notBefore: number;
    /** How far it had trained, in units of the searcher's time metric, at the last value that the searcher was told. */
    searcherTime?: number;
    /** The furthest step that any of its runs has reported. Absent before the first. */
    furthestStep?: number;
    /** It waits because its last run gave its slots back for others. Absent otherwise. */
    isPreempted?: true;
    /** Labels that log policies gave it, whether they are still there or not. Absent before the first. */
    labelsByPolicies?: string[];
    /** Why it is not started again after a failure: a line of its output matched a log policy. Absent otherwise. */
    retriesCancelled?: string;
    /** What the script said of its hyperparameters, if it refused them. */
    invalidHyperparameters: string | null;
    /** Codes of warnings that were shown already. */
    warningCodes: string[];
  };
}

export interface RunRecord {
  run: Run;
  own: {
    spec: RunSpec;
    /** work/ has been reduced to what the run wrote. */
    tidy: boolean;
    /** It wrote a checkpoint, or reported a step that no run of its trial had reached. */
    gotFurther?: boolean;
    /** Up to where its output has been searched for the patterns of log policies, in bytes. Absent before the first. */
    searched?: Record<Stream, number>;
  };
}

export type { Checkpoint };

/** Files to remove after the rows are gone; kept until that has happened. */
export interface Leftovers {
  experimentId: number;
  /** The snapshot's tree, when no other experiment uses it. */
  tree: string | null;
  trialIds: string[];
  runIds: string[];
  checkpointUuids: string[];
}
