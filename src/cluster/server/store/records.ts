/** What the server keeps beside the entities that clients see. */
import type { Checkpoint, Experiment, Run, Trial } from "../../protocol/entities.ts";
import type { Stream } from "../../protocol/events.ts";
import type { SubmitRequest } from "../../protocol/methods.ts";
import type { Control, RunSpec } from "../../protocol/runDirectory.ts";
import type { TrialLife } from "../experiments/lifecycle.ts";
import type { SearchChange, SearcherState, TrialEnding } from "../../search/searcher.ts";

/** A checkpoint, with its step as it was when it was chosen: it may be deleted since. */
export interface StartFrom {
  uuid: string;
  step: number;
}

export interface ExperimentRecord {
  experiment: Experiment;
  own: {
    request: Omit<SubmitRequest, "secrets">;
    experimentSeed: number;
    searcher: SearcherState;
    /** What its trials start from. */
    startFrom: StartFrom | null;
    /** The configuration itself set max_restarts above 0. */
    restartsWithoutProgress: boolean;
    /** How long its trials took to give their slots back when they were asked, and to get further after a start; the last of each. */
    moves?: { leaveMs?: number; returnMs?: number };
    /** One of its trials has gone on from its checkpoint. Absent: not seen yet. */
    hasResumed?: true;
    /** A person paused or ended all of it, so its searcher begins nothing more: not yet, or never. Absent otherwise. */
    held?: "paused" | "ended";
    /** Places of failure at which it asked, and a person let it go on. Absent: none. */
    acceptedFailures?: string[];
    /** What a person changed in the search since it was submitted, the newest of each. Absent: nothing. */
    changes?: SearchChange;
    /** It has ended, and what its configuration keeps of its checkpoints is still to be carried out. Absent otherwise. */
    isToCollect?: true;
    /** The name and the notes that its script gave it by telling another library. Absent: none. */
    nameByScript?: string;
    notesByScript?: string;
    /** Trials added by hand: the checkpoint that each starts from, null for the experiment's own. Absent: none. */
    added?: { startFrom: string | null }[];
  };
}

export interface TrialTime {
  /** In the queue, before `since`. */
  waitedMs: number;
  /** On slots, before `since`. */
  heldMs: number;
  /** Of what it does now: wait, hold slots, or neither. */
  since: number;
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
    /** How its time went since it came. Absent in records of before this was kept. */
    time?: TrialTime;
    /** What it last said of how far it is, 0 to 1, and how long it had held slots then. */
    told?: { fraction: number; heldMs: number };
    /** How far it had trained, in units of the searcher's time metric, at the last value that the searcher was told. */
    searcherTime?: number;
    /** The furthest step that any of its runs has reported. Absent before the first. */
    furthestStep?: number;
    /** It waits because its last run gave its slots back for others. Absent otherwise. */
    isPreempted?: true;
    /** Labels that log policies gave it, whether they are still there or not. Absent before the first. */
    labelsByPolicies?: string[];
    /** Labels that its script gave it by telling another library, whether they are still there or not. */
    labelsByScript?: string[];
    /** Why it is not started again after a failure: a line of its output matched a log policy. Absent otherwise. */
    retriesCancelled?: string;
    /** What the script said of its hyperparameters, if it refused them. */
    invalidHyperparameters: string | null;
    /** It was killed when it was asked for its slots, since it did not leave: it is not asked again. Absent otherwise. */
    ignoresPreemption?: true;
    /** It began again from an earlier step than its checkpoint's when it was resumed: it is not moved. Absent otherwise. */
    startsOver?: true;
    /** Made anew from the files of its runs: its end was when they say, not when it was read. Absent otherwise. */
    isRebuilt?: true;
    /** A person asked it for its slots, so it goes on after all others that can start. */
    makesRoom?: boolean;
    /** Its last run ended since the disk had no room for so many bytes. Absent otherwise. */
    waitsForBytes?: number;
    /** The search paused it at a rung, and resumes it. Absent otherwise. */
    isPausedBySearch?: true;
    /** Added by hand, to start from this checkpoint instead of the experiment's. */
    startFrom?: StartFrom;
    /** How it ended while its search was held as ended, of which the searcher has not heard. */
    unheard?: TrialEnding;
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
    /** Its folder is gone, which a repair has said once. Absent otherwise. */
    filesAreGone?: true;
    /** The first step that it reported, if any. */
    firstStep?: number;
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
