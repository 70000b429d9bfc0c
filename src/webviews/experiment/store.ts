/**
 * The page's one state: a snapshot, then numbered changes. A change that does not follow the last one is a gap, and
 * the page asks for a new snapshot instead of guessing.
 */
import type { Checkpoint, Experiment, Run, Trial } from "../../cluster/protocol/entities.ts";
import type { Series, SeriesState } from "../../cluster/protocol/events.ts";
import type { PageSnapshot, ToPage } from "../contract/messages.ts";

type Change = Extract<ToPage, { type: "change" }>;
/** Parts of the state that views depend on. */
export type Slice =
  "connection" | "experiment" | "trials" | "runs" | "checkpoints" | "series" | "output" | "all";

export interface PageData {
  seq: number;
  connection: PageSnapshot["connection"];
  experiment: Experiment;
  trials: ReadonlyMap<string, Trial>;
  runs: ReadonlyMap<string, Run>;
  checkpoints: ReadonlyMap<string, Checkpoint>;
  series: ReadonlyMap<string, SeriesState>;
  /** Bytes of output by run, as far as they were announced. */
  output: ReadonlyMap<string, { stdout: number; stderr: number }>;
  baseline: PageSnapshot["baseline"];
  configuration: PageSnapshot["configuration"];
  snapshot: PageSnapshot["snapshot"];
}

export function seriesKey(series: Series): string {
  return `${series.trialId} ${series.rank} ${series.group} ${series.name}`;
}

export function fromSnapshot(snapshot: PageSnapshot): PageData {
  return {
    seq: snapshot.seq,
    connection: snapshot.connection,
    experiment: snapshot.experiment,
    trials: new Map(snapshot.trials.map((trial) => [trial.id, trial])),
    runs: new Map(snapshot.runs.map((run) => [run.id, run])),
    checkpoints: new Map(snapshot.checkpoints.map((checkpoint) => [checkpoint.uuid, checkpoint])),
    series: new Map(snapshot.series.map((series) => [seriesKey(series), series])),
    output: new Map(),
    baseline: snapshot.baseline,
    configuration: snapshot.configuration,
    snapshot: snapshot.snapshot,
  };
}

export type Applied =
  { kind: "applied"; data: PageData; changed: Set<Slice> } | { kind: "gap" } | { kind: "old" };

export function applyChange(data: PageData, change: Change): Applied {
  if (change.seq <= data.seq) return { kind: "old" };
  if (change.seq !== data.seq + 1) return { kind: "gap" };
  const changed = new Set<Slice>();
  const next: PageData = { ...data, seq: change.seq };
  if (change.connection !== undefined) {
    next.connection = change.connection;
    changed.add("connection");
  }
  if (change.experiment !== undefined) {
    next.experiment = change.experiment;
    changed.add("experiment");
  }
  if (change.trials !== undefined) {
    next.trials = merged(data.trials, change.trials, (trial) => trial.id);
    changed.add("trials");
  }
  if (change.runs !== undefined) {
    next.runs = merged(data.runs, change.runs, (run) => run.id);
    changed.add("runs");
  }
  if (change.checkpoints !== undefined || change.deletedCheckpoints !== undefined) {
    const checkpoints = merged(data.checkpoints, change.checkpoints ?? [], (checkpoint) => checkpoint.uuid);
    for (const uuid of change.deletedCheckpoints ?? []) checkpoints.delete(uuid);
    next.checkpoints = checkpoints;
    changed.add("checkpoints");
  }
  if (change.series !== undefined) {
    next.series = merged(data.series, change.series, seriesKey);
    changed.add("series");
  }
  if (change.output !== undefined) {
    const { runId, stdout, stderr } = change.output;
    next.output = new Map(data.output).set(runId, { stdout, stderr });
    changed.add("output");
  }
  return { kind: "applied", data: next, changed };
}

function merged<T>(
  before: ReadonlyMap<string, T>,
  items: readonly T[],
  keyOf: (item: T) => string,
): Map<string, T> {
  const after = new Map(before);
  for (const item of items) after.set(keyOf(item), item);
  return after;
}

// ---- what several views ask of the state ------------------------------------------------------------------------------

/** The trial that the page shows: the chosen one, else the only one, else the best, else the newest. */
export function shownTrial(data: PageData, chosen: string | null): Trial | null {
  const trial = chosen === null ? undefined : data.trials.get(chosen);
  if (trial !== undefined) return trial;
  const best = data.experiment.best === null ? undefined : data.trials.get(data.experiment.best.trialId);
  return best ?? [...data.trials.values()].at(-1) ?? null;
}

/** Attempts of a trial, oldest first. */
export function runsOf(data: PageData, trialId: string): Run[] {
  return [...data.runs.values()]
    .filter((run) => run.trialId === trialId)
    .sort((a, b) => a.attempt - b.attempt);
}

export function latestRun(data: PageData, trial: Trial): Run | null {
  const current = trial.currentRun === null ? undefined : data.runs.get(trial.currentRun);
  return current ?? runsOf(data, trial.id).at(-1) ?? null;
}

/** Trials of the experiment, on the page or not. */
export function trialCount({ trialCounts }: Pick<Experiment, "trialCounts">): number {
  return Object.values(trialCounts).reduce((sum, count) => sum + count, 0);
}
