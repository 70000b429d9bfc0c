/**
 * What the pool holds, on this side: a snapshot and the numbered events since. Pure; outlives connections. A bounded snapshot
 * leaves out most of a long history: what is held of it is always as of `seq`, and more is added when it is shown (reader.ts).
 */
import type { Checkpoint, Experiment, PoolDisk, Run, Slot, Trial } from "../protocol/entities.ts";
import type { PoolEvent } from "../protocol/events.ts";
import type { Beyond } from "../protocol/lists.ts";
import type { Notification, Result } from "../protocol/methods.ts";
import { Children } from "./mirror/children.ts";

/** What changed, for views that refresh by element. `everything` after a snapshot. */
export interface MirrorChange {
  everything: boolean;
  /** Nothing has happened: more is known of what was there before. */
  isOld: boolean;
  experiments: Set<number>;
  trials: Set<string>;
  slots: boolean;
}

const HOLDING: ReadonlySet<Trial["state"]> = new Set(["starting", "running", "pausing", "stopping"]);

export interface Held {
  experiments: Experiment[];
  trials: Trial[];
  runs: Run[];
  checkpoints: Checkpoint[];
}

export class PoolMirror {
  readonly experiments = new Map<number, Experiment>();
  readonly trials = new Map<string, Trial>();
  readonly runs = new Map<string, Run>();
  readonly checkpoints = new Map<string, Checkpoint>();
  slots: Slot[] = [];
  /** What its server last said of the pool's disk; null before that, and from one that is older than this. */
  disk: PoolDisk | null = null;
  /** The last number that has been applied; null before the first snapshot. */
  seq: number | null = null;
  readonly #trialIds = new Children<number>();
  readonly #runIds = new Children<string>();
  readonly #checkpointIds = new Children<string>();
  readonly #listeners = new Set<(change: MirrorChange) => void>();
  /** Of the last snapshot; null when it left nothing out. */
  #beyond: Beyond | null = null;
  /** Greatest number of an experiment so far. All of those that came after the snapshot is known by events. */
  #newest = 0;
  #newestOfSnapshot = 0;
  #total = 0;
  /** What trialsOf() has answered since the last change. */
  readonly #sortedTrials = new Map<number, readonly Trial[]>();
  /** Trials that hold slots. */
  readonly #holding = new Set<string>();
  readonly #wholeExperiments = new Set<number>();
  readonly #wholeTrials = new Set<string>();
  /** What came in answers is not older than what events told, except of what was deleted meanwhile. */
  readonly #deleted = new Set<number | string>();
  /** Changes with each snapshot: what was asked for before one is not added after it. */
  #epoch = 0;

  /** Experiments of the pool, held or not. */
  get total(): number {
    return this.#total;
  }
  get epoch(): number {
    return this.#epoch;
  }
  /** All experiments from this number on are held; below it only those that ran or waited, and what was added since. */
  get from(): number {
    return this.#beyond?.from ?? 1;
  }
  /** All trials of the experiment are held, with their runs and checkpoints. */
  isWhole(experimentId: number): boolean {
    return (
      this.#beyond === null ||
      experimentId > this.#newestOfSnapshot ||
      this.#wholeExperiments.has(experimentId)
    );
  }
  /** All runs and checkpoints of the trial are held. */
  isWholeTrial(trialId: string): boolean {
    return this.#wholeTrials.has(trialId) || this.isWhole(experimentOf(trialId));
  }

  onDidChange(listener: (change: MirrorChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The answer to `subscribe`: a new snapshot, or nothing when the missing events follow. */
  restart({ seq, snapshot }: Result<"subscribe">): void {
    if (snapshot === null) return;
    for (const map of [this.experiments, this.trials, this.runs, this.checkpoints]) map.clear();
    for (const children of [this.#trialIds, this.#runIds, this.#checkpointIds]) children.clear();
    for (const set of [this.#holding, this.#wholeExperiments, this.#wholeTrials, this.#deleted]) set.clear();
    this.#sortedTrials.clear();
    this.#epoch++;
    this.#beyond = snapshot.beyond ?? null;
    this.#newest = snapshot.experiments.reduce((newest, { id }) => Math.max(newest, id), 0);
    this.#newestOfSnapshot = this.#newest;
    this.#total = this.#beyond?.total ?? snapshot.experiments.length;
    for (const experiment of snapshot.experiments) this.experiments.set(experiment.id, experiment);
    for (const trial of snapshot.trials) this.#putTrial(trial);
    for (const run of snapshot.runs) this.#putRun(run);
    for (const checkpoint of snapshot.checkpoints) this.#putCheckpoint(checkpoint);
    this.slots = snapshot.slots;
    this.seq = seq;
    this.#tell({ everything: true, isOld: false, experiments: new Set(), trials: new Set(), slots: true });
  }

  /** Adds what the pool has answered. What is held already is kept: events keep that up to date. */
  hold(answer: Partial<Held>, whole: { experimentId?: number; trialId?: string } = {}): void {
    const change = emptyChange(true);
    const isNew = (held: ReadonlyMap<number | string, unknown>, id: number | string, of: number): boolean =>
      !held.has(id) && !this.#deleted.has(id) && !this.#deleted.has(of);
    for (const experiment of answer.experiments ?? [])
      if (isNew(this.experiments, experiment.id, experiment.id)) {
        this.experiments.set(experiment.id, experiment);
        change.experiments.add(experiment.id);
      }
    for (const trial of answer.trials ?? [])
      if (isNew(this.trials, trial.id, trial.experimentId)) {
        this.#putTrial(trial);
        this.#touch(trial.id, change);
      }
    for (const run of answer.runs ?? [])
      if (isNew(this.runs, run.id, experimentOf(run.trialId))) {
        this.#putRun(run);
        this.#touch(run.trialId, change);
      }
    for (const checkpoint of answer.checkpoints ?? [])
      if (isNew(this.checkpoints, checkpoint.uuid, checkpoint.experimentId)) {
        this.#putCheckpoint(checkpoint);
        this.#touch(checkpoint.trialId, change);
      }
    if (whole.experimentId !== undefined && this.experiments.has(whole.experimentId)) {
      this.#wholeExperiments.add(whole.experimentId);
      change.experiments.add(whole.experimentId);
    }
    if (whole.trialId !== undefined && this.trials.has(whole.trialId)) {
      this.#wholeTrials.add(whole.trialId);
      this.#touch(whole.trialId, change);
    }
    if (change.experiments.size > 0) this.#tell(change);
  }

  /**
   * What is known already is passed over.
   * @returns false, with nothing applied, when events are missing in between: then subscribe again from `seq`
   */
  apply({ after, events }: Notification<"events">): boolean {
    if (this.seq === null || after > this.seq) return false;
    const change = emptyChange(false);
    for (const event of events) {
      if (event.seq <= this.seq) continue;
      this.#applyOne(event.change, change);
      this.seq = event.seq;
    }
    if (change.experiments.size > 0 || change.slots) this.#tell(change);
    return true;
  }

  setDisk(disk: PoolDisk): void {
    this.disk = disk;
    this.#tell({ everything: false, isOld: false, experiments: new Set(), trials: new Set(), slots: true });
  }

  /** Those of an experiment's trials that hold slots: they are held whatever else is. */
  holdingOf(experimentId: number): Trial[] {
    return [...this.#holding].flatMap((id) => {
      const trial = this.trials.get(id);
      return trial?.experimentId === experimentId ? trial : [];
    });
  }
  /** As far as they are held, in the order of their numbers. */
  trialsOf(experimentId: number): readonly Trial[] {
    // Several views ask after each change, and there may be 100,000.
    let sorted = this.#sortedTrials.get(experimentId);
    if (sorted === undefined) {
      sorted = this.#trialIds.of(experimentId, this.trials).sort((a, b) => a.number - b.number);
      this.#sortedTrials.set(experimentId, sorted);
    }
    return sorted;
  }
  runsOf(trialId: string): Run[] {
    return this.#runIds.of(trialId, this.runs).sort((a, b) => a.attempt - b.attempt);
  }
  checkpointsOf(trialId: string): Checkpoint[] {
    return this.#checkpointIds.of(trialId, this.checkpoints).sort(byStep);
  }

  #applyOne(what: PoolEvent["change"], change: MirrorChange): void {
    switch (what.type) {
      case "experiment":
        this.experiments.set(what.experiment.id, what.experiment);
        if (what.experiment.id > this.#newest) {
          this.#newest = what.experiment.id;
          this.#total++;
        }
        change.experiments.add(what.experiment.id);
        return;
      case "experimentDeleted":
        // One that was never told of has not been counted.
        if (what.id <= this.#newest) this.#total--;
        this.#deleted.add(what.id);
        this.#forget(what.id);
        change.experiments.add(what.id);
        return;
      case "trial":
        this.#putTrial(what.trial);
        change.trials.add(what.trial.id);
        change.experiments.add(what.trial.experimentId);
        return;
      case "run":
        this.#putRun(what.run);
        this.#touch(what.run.trialId, change);
        return;
      case "checkpoint":
        this.#putCheckpoint(what.checkpoint);
        this.#touch(what.checkpoint.trialId, change);
        return;
      case "checkpointDeleted": {
        this.#deleted.add(what.uuid);
        const gone = this.checkpoints.get(what.uuid);
        if (gone === undefined) return;
        this.checkpoints.delete(what.uuid);
        this.#checkpointIds.remove(gone.trialId, gone.uuid);
        this.#touch(gone.trialId, change);
        return;
      }
      case "slots":
        this.slots = what.slots;
        change.slots = true;
        return;
    }
  }

  #putTrial(trial: Trial): void {
    this.trials.set(trial.id, trial);
    this.#sortedTrials.delete(trial.experimentId);
    if (HOLDING.has(trial.state)) this.#holding.add(trial.id);
    else this.#holding.delete(trial.id);
    this.#trialIds.add(trial.experimentId, trial.id);
  }

  #putRun(run: Run): void {
    this.runs.set(run.id, run);
    this.#runIds.add(run.trialId, run.id);
  }

  #putCheckpoint(checkpoint: Checkpoint): void {
    this.checkpoints.set(checkpoint.uuid, checkpoint);
    this.#checkpointIds.add(checkpoint.trialId, checkpoint.uuid);
  }

  #touch(trialId: string, change: MirrorChange): void {
    change.trials.add(trialId);
    change.experiments.add(experimentOf(trialId));
  }

  #forget(experimentId: number): void {
    this.experiments.delete(experimentId);
    this.#sortedTrials.delete(experimentId);
    this.#trialIds.forget(experimentId);
    for (const [id, trial] of this.trials) {
      if (trial.experimentId !== experimentId) continue;
      this.trials.delete(id);
      this.#holding.delete(id);
    }
    for (const [id, { trialId }] of this.runs) {
      if (experimentOf(trialId) !== experimentId) continue;
      this.runs.delete(id);
      this.#runIds.forget(trialId);
    }
    for (const [uuid, checkpoint] of this.checkpoints) {
      if (checkpoint.experimentId !== experimentId) continue;
      this.checkpoints.delete(uuid);
      this.#checkpointIds.forget(checkpoint.trialId);
    }
  }

  #tell(change: MirrorChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function emptyChange(isOld: boolean): MirrorChange {
  return { everything: false, isOld, experiments: new Set(), trials: new Set(), slots: false };
}

function experimentOf(trialId: string): number {
  return Number(trialId.split(".")[0]);
}

function byStep(a: Checkpoint, b: Checkpoint): number {
  return a.step - b.step || a.createdAt - b.createdAt || (a.uuid < b.uuid ? -1 : 1);
}
