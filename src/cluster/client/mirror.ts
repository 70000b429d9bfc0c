/** What the pool holds, on this side: a snapshot and the numbered events since. Pure; outlives connections. */
import type { Checkpoint, Experiment, PoolDisk, Run, Slot, Trial } from "../protocol/entities.ts";
import type { PoolEvent } from "../protocol/events.ts";
import type { Notification, Result } from "../protocol/methods.ts";
import { Children } from "./mirror/children.ts";

/** What changed, for views that refresh by element. `everything` after a snapshot. */
export interface MirrorChange {
  everything: boolean;
  experiments: Set<number>;
  trials: Set<string>;
  slots: boolean;
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

  onDidChange(listener: (change: MirrorChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The answer to `subscribe`: a new snapshot, or nothing when the missing events follow. */
  restart({ seq, snapshot }: Result<"subscribe">): void {
    if (snapshot === null) return;
    for (const map of [this.experiments, this.trials, this.runs, this.checkpoints]) map.clear();
    for (const children of [this.#trialIds, this.#runIds, this.#checkpointIds]) children.clear();
    for (const experiment of snapshot.experiments) this.experiments.set(experiment.id, experiment);
    for (const trial of snapshot.trials) this.#putTrial(trial);
    for (const run of snapshot.runs) this.#putRun(run);
    for (const checkpoint of snapshot.checkpoints) this.#putCheckpoint(checkpoint);
    this.slots = snapshot.slots;
    this.seq = seq;
    this.#tell({ everything: true, experiments: new Set(), trials: new Set(), slots: true });
  }

  /**
   * What is known already is passed over.
   * @returns false, with nothing applied, when events are missing in between: then subscribe again from `seq`
   */
  apply({ after, events }: Notification<"events">): boolean {
    if (this.seq === null || after > this.seq) return false;
    const change: MirrorChange = {
      everything: false,
      experiments: new Set(),
      trials: new Set(),
      slots: false,
    };
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
    this.#tell({ everything: false, experiments: new Set(), trials: new Set(), slots: true });
  }

  trialsOf(experimentId: number): Trial[] {
    return this.#trialIds.of(experimentId, this.trials).sort((a, b) => a.number - b.number);
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
        change.experiments.add(what.experiment.id);
        return;
      case "experimentDeleted":
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
    this.#trialIds.forget(experimentId);
    for (const [id, trial] of this.trials) if (trial.experimentId === experimentId) this.trials.delete(id);
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

function experimentOf(trialId: string): number {
  return Number(trialId.split(".")[0]);
}

function byStep(a: Checkpoint, b: Checkpoint): number {
  return a.step - b.step || a.createdAt - b.createdAt || (a.uuid < b.uuid ? -1 : 1);
}
