/** What the pool holds, on this side: a snapshot and the numbered events since. Pure; outlives connections. */
import type { Checkpoint, Experiment, Run, Slot, Trial } from "../protocol/entities.ts";
import type { PoolEvent } from "../protocol/events.ts";
import type { Result } from "../protocol/methods.ts";

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
  /** The last number that has been applied; null before the first snapshot. */
  seq: number | null = null;
  readonly #listeners = new Set<(change: MirrorChange) => void>();

  onDidChange(listener: (change: MirrorChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The answer to `subscribe`: a new snapshot, or nothing when the missing events follow. */
  restart({ seq, snapshot }: Result<"subscribe">): void {
    if (snapshot === null) return;
    for (const map of [this.experiments, this.trials, this.runs, this.checkpoints]) map.clear();
    for (const experiment of snapshot.experiments) this.experiments.set(experiment.id, experiment);
    for (const trial of snapshot.trials) this.trials.set(trial.id, trial);
    for (const run of snapshot.runs) this.runs.set(run.id, run);
    for (const checkpoint of snapshot.checkpoints) this.checkpoints.set(checkpoint.uuid, checkpoint);
    this.slots = snapshot.slots;
    this.seq = seq;
    this.#tell({ everything: true, experiments: new Set(), trials: new Set(), slots: true });
  }

  /** @returns false when events are missing in between: then subscribe again from `seq`. What is known already is passed over. */
  apply(events: readonly PoolEvent[]): boolean {
    const change: MirrorChange = {
      everything: false,
      experiments: new Set(),
      trials: new Set(),
      slots: false,
    };
    let isComplete = true;
    for (const event of events) {
      if (this.seq === null || event.seq > this.seq + 1) {
        isComplete = false;
        break;
      }
      if (event.seq <= this.seq) continue;
      this.#applyOne(event.change, change);
      this.seq = event.seq;
    }
    if (change.experiments.size > 0 || change.slots) this.#tell(change);
    return isComplete;
  }

  trialsOf(experimentId: number): Trial[] {
    return [...this.trials.values()]
      .filter((trial) => trial.experimentId === experimentId)
      .sort((a, b) => a.number - b.number);
  }
  runsOf(trialId: string): Run[] {
    return [...this.runs.values()]
      .filter((run) => run.trialId === trialId)
      .sort((a, b) => a.attempt - b.attempt);
  }
  checkpointsOf(trialId: string): Checkpoint[] {
    return [...this.checkpoints.values()]
      .filter((checkpoint) => checkpoint.trialId === trialId)
      .sort((a, b) => a.step - b.step);
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
        this.trials.set(what.trial.id, what.trial);
        change.trials.add(what.trial.id);
        change.experiments.add(what.trial.experimentId);
        return;
      case "run":
        this.runs.set(what.run.id, what.run);
        this.#touch(what.run.trialId, change);
        return;
      case "checkpoint":
        this.checkpoints.set(what.checkpoint.uuid, what.checkpoint);
        this.#touch(what.checkpoint.trialId, change);
        return;
      case "checkpointDeleted": {
        const gone = this.checkpoints.get(what.uuid);
        this.checkpoints.delete(what.uuid);
        if (gone !== undefined) this.#touch(gone.trialId, change);
        return;
      }
      case "slots":
        this.slots = what.slots;
        change.slots = true;
        return;
    }
  }

  #touch(trialId: string, change: MirrorChange): void {
    change.trials.add(trialId);
    change.experiments.add(Number(trialId.split(".")[0]));
  }

  #forget(experimentId: number): void {
    this.experiments.delete(experimentId);
    for (const [id, trial] of this.trials) if (trial.experimentId === experimentId) this.trials.delete(id);
    for (const id of this.runs.keys()) if (Number(id.split(".")[0]) === experimentId) this.runs.delete(id);
    for (const [uuid, checkpoint] of this.checkpoints)
      if (checkpoint.experimentId === experimentId) this.checkpoints.delete(uuid);
  }

  #tell(change: MirrorChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
