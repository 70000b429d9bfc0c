/** What experiments of one script came to, from what a pool knows of them. Pure. */
import path from "node:path";
import type { Experiment, Failure, Trial } from "../../../../cluster/protocol/entities.ts";
import { flatten } from "../../../../cluster/protocol/flatten.ts";
import { bestFirst } from "../../../../cluster/protocol/trialOrder.ts";
import { isFinal } from "../../../views/states.ts";
import type { FailureFacts, Figure, MetricFacts, ScriptHistory, TrialFacts } from "../../contract.ts";
import { bestExperiment, type Gathered, scriptOf } from "./gather.ts";

const MOST_TRIALS = 8;
const MOST_FAILURES = 3;

interface Where {
  readonly poolId: string;
  readonly poolName: string;
  /** A real path as the editor names the same file. */
  readonly asOpened: (file: string) => string;
}

/** @returns null for a script that never ran */
export function summarise(gathered: Gathered, { poolId, poolName, asOpened }: Where): ScriptHistory | null {
  const { experiments } = gathered;
  if (experiments.length === 0) return null;
  const rows = experiments.map((experiment) => ({
    experiment,
    trials: [...(gathered.trials.get(experiment.id) ?? [])].sort(bestFirst(experiment.metric)),
  }));
  const count = (...states: Trial["state"][]): number =>
    experiments
      .flatMap(({ trialCounts }) => states.map((state) => trialCounts[state] ?? 0))
      .reduce((sum, one) => sum + one, 0);
  const best = bestExperiment(experiments);
  const bestRow = rows.find(({ experiment }) => experiment === best);
  const bestTrial = bestRow?.trials.find(({ id }) => id === best?.best?.trialId);
  return {
    poolId,
    poolName,
    running: count("starting", "running", "pausing", "stopping"),
    waiting: count("waiting"),
    last: lastOf(rows),
    best: bestRow && bestTrial ? factsOf(bestRow.experiment, bestTrial) : null,
    trials: lastTrials(rows),
    metrics: metricsOf(gathered, rows),
    failures: failuresOf(rows, asOpened),
    nan: nanOf(rows),
  };
}

interface Row {
  readonly experiment: Experiment;
  /** The best first. */
  readonly trials: readonly Trial[];
}

/** A search that is paused since its trials failed has come to something, too. */
function lastOf(rows: readonly Row[]): TrialFacts | null {
  for (const { experiment, trials } of rows) {
    const ended = trials.find(({ state }) => isFinal(state));
    if (ended && (isFinal(experiment.state) || experiment.state === "paused"))
      return factsOf(experiment, ended);
  }
  return null;
}

/** One of each experiment; where that leaves room, more of the searches that have a value. The newest first, of a search the best. */
function lastTrials(rows: readonly Row[]): TrialFacts[] {
  const started = rows.map(({ experiment, trials }) => ({
    experiment,
    trials: trials.filter(({ startedAt }) => startedAt !== null),
  }));
  let room = MOST_TRIALS;
  const taken = started.map(({ trials }) => {
    const isTaken = trials.length > 0 && room > 0;
    if (isTaken) room -= 1;
    return isTaken ? 1 : 0;
  });
  return started.flatMap(({ experiment, trials }, index) => {
    if (taken[index] === 0) return [];
    const more = trials
      .slice(1)
      .filter(({ best }) => best !== null)
      .slice(0, room);
    room -= more.length;
    return [...trials.slice(0, 1), ...more].map((trial) => factsOf(experiment, trial));
  });
}

function metricsOf({ curves }: Gathered, rows: readonly Row[]): Record<string, MetricFacts> {
  const found: [string, MetricFacts][] = [];
  for (const { state, points } of curves) {
    const { lastStep, lastValue, group, name, trialId } = state;
    const row = rows.find(({ trials }) => trials.some(({ id }) => id === trialId));
    const trial = row?.trials.find(({ id }) => id === trialId);
    if (!row || !trial) continue;
    const curve = points.map(([step, value]) => [step, figure(value)] as const);
    const facts = { trial: factsOf(row.experiment, trial), step: lastStep, value: figure(lastValue), curve };
    found.push([`${group}/${name}`, facts]);
  }
  return Object.fromEntries(found);
}

/**
 * Of the newest experiment that had any, unless a newer one went well: another trial's success in the same search has run the
 * same lines, and mended nothing. One that still runs has not shown yet that it is mended.
 */
function failuresOf(rows: readonly Row[], asOpened: Where["asOpened"]): FailureFacts[] {
  const row = rows.find(({ trials }) =>
    trials.some(({ state, failure }) => state === "completed" || (state === "failed" && failure !== null)),
  );
  const found = new Map<string, FailureFacts>();
  const failed = (row?.trials ?? []).filter(({ state }) => state === "failed");
  for (const trial of failed.sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))) {
    if (!row || trial.failure === null) continue;
    const frames = framesOf(trial.failure);
    const key = JSON.stringify([trial.failure.exception?.type, frames]);
    if (frames.length === 0 || found.has(key) || found.size === MOST_FAILURES) continue;
    const { root } = row.experiment.snapshot;
    found.set(key, {
      trial: factsOf(row.experiment, trial),
      message: messageOf(trial.failure),
      frames,
      files: frames.map(({ file }) => asOpened(path.join(root, file))),
    });
  }
  return [...found.values()];
}

/** Servers before 0.4 said the innermost alone. */
function framesOf({ frame, frames }: Failure): NonNullable<Failure["frames"]> {
  return frames ?? (frame === null ? [] : [frame]);
}

/** Without the place, which is where it is shown. */
function messageOf({ exception, message }: Failure): string {
  if (exception === null) return message;
  return exception.message === "" ? exception.type : `${exception.type}: ${exception.message}`;
}

/** Of the newest experiment that has started. */
function nanOf(rows: readonly Row[]): ScriptHistory["nan"] {
  const newest = rows.find(({ trials }) => trials.some(({ startedAt }) => startedAt !== null));
  const trial = newest?.trials.find(({ nan }) => nan !== null);
  return newest && trial?.nan ? { trial: factsOf(newest.experiment, trial), ...trial.nan } : null;
}

export function factsOf(experiment: Experiment, trial: Trial): TrialFacts {
  const { metric, snapshot } = experiment;
  const value = trial.best?.value ?? NaN;
  return {
    experimentId: experiment.id,
    trialId: trial.id,
    state: trial.state,
    startedAt: trial.startedAt,
    endedAt: isFinal(trial.state) ? trial.endedAt : null,
    metric:
      metric === null || !Number.isFinite(value)
        ? null
        : { name: metric.name, value, smallerIsBetter: metric.smallerIsBetter },
    parameters: {
      ...Object.fromEntries(flatten(trial.hyperparameters)),
      ...Object.fromEntries(Object.entries(trial.parameters).map(([name, { value: read }]) => [name, read])),
    },
    path: pathInSnapshot(experiment),
    tree: snapshot.tree,
  };
}

function pathInSnapshot(experiment: Experiment): string {
  const file = scriptOf(experiment);
  const relative = file === null ? "" : path.relative(experiment.snapshot.root, file);
  const isInside = relative !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
  return isInside ? relative.replaceAll(path.sep, "/") : experiment.script;
}

function figure(value: number): Figure {
  return Number.isFinite(value) ? value : (String(value) as Figure);
}
