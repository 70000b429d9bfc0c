/** What of an experiment a page does not have yet. The mirror replaces what changes, so identity tells. Pure. */
import type { PoolMirror } from "../../cluster/client/mirror.ts";
import type { Checkpoint, Experiment, Run, Trial } from "../../cluster/protocol/entities.ts";

export interface Entities {
  experiment: Experiment;
  trials: Trial[];
  runs: Run[];
  checkpoints: Checkpoint[];
}

export interface EntityChange {
  experiment?: Experiment;
  trials?: Trial[];
  runs?: Run[];
  checkpoints?: Checkpoint[];
  deletedCheckpoints?: string[];
}

export type EntitySource = Pick<PoolMirror, "trialsOf" | "runsOf" | "checkpointsOf">;

export class EntityDiff {
  #sent: Entities | null = null;

  /** Everything, for a snapshot. */
  restart(source: EntitySource, experiment: Experiment): Entities {
    this.#sent = collect(source, experiment);
    return this.#sent;
  }

  /** What changed since; keys without a change are absent. */
  next(source: EntitySource, experiment: Experiment): EntityChange {
    const before = this.#sent;
    const now = collect(source, experiment);
    this.#sent = now;
    if (!before) return now;
    const change: EntityChange = {};
    if (now.experiment !== before.experiment) change.experiment = now.experiment;
    const trials = added(before.trials, now.trials);
    const runs = added(before.runs, now.runs);
    const checkpoints = added(before.checkpoints, now.checkpoints);
    if (trials.length > 0) change.trials = trials;
    if (runs.length > 0) change.runs = runs;
    if (checkpoints.length > 0) change.checkpoints = checkpoints;
    const kept = new Set(now.checkpoints.map(({ uuid }) => uuid));
    const deleted = before.checkpoints.map(({ uuid }) => uuid).filter((uuid) => !kept.has(uuid));
    if (deleted.length > 0) change.deletedCheckpoints = deleted;
    return change;
  }
}

function collect(source: EntitySource, experiment: Experiment): Entities {
  const trials = source.trialsOf(experiment.id);
  return {
    experiment,
    trials: [...trials],
    runs: trials.flatMap(({ id }) => source.runsOf(id)),
    checkpoints: trials.flatMap(({ id }) => source.checkpointsOf(id)),
  };
}

function added<T>(before: readonly T[], now: readonly T[]): T[] {
  const known = new Set(before);
  return now.filter((entity) => !known.has(entity));
}
