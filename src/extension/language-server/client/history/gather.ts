/** Reads what a pool knows of one script, with bounded work: as much of its mirror as there is, the rest by lists. */
import path from "node:path";
import type { PoolMirror } from "../../../../cluster/client/mirror.ts";
import type { PoolCalls } from "../../../../cluster/client/poolCalls.ts";
import type { Experiment, Trial } from "../../../../cluster/protocol/entities.ts";
import { bestFirst, firstOf } from "../../../../cluster/protocol/trialOrder.ts";
import { type Curve, readCurves } from "./curves.ts";

/** The newest of the script are looked at; of the first of them trials. */
const MOST_EXPERIMENTS = 50;
const WITH_TRIALS = 8;
const BEST_TRIALS = 8;
const FAILED_TRIALS = 5;
const RUNNING_TRIALS = 8;

/** `call` is null while it is not connected: then the mirror is all there is. */
export interface HistoryPool {
  readonly mirror: PoolMirror | null;
  readonly call: PoolCalls["call"] | null;
}

export interface Gathered {
  /** The newest first. */
  readonly experiments: readonly Experiment[];
  /** Of each of the newest experiments the best, some that failed, and what runs. */
  readonly trials: ReadonlyMap<number, readonly Trial[]>;
  readonly curves: readonly Curve[];
}

/** @param script absolute path, as a submit resolves it */
export async function gather(pool: HistoryPool, script: string): Promise<Gathered> {
  const { experiments, single } = await experimentsOf(pool, script);
  const trials = new Map<number, readonly Trial[]>();
  for (const experiment of experiments.slice(0, WITH_TRIALS))
    trials.set(experiment.id, await trialsOf(pool, experiment, single));
  for (const { id, best } of experiments) {
    if (best === null || trials.has(id)) continue;
    // An old one may still be the best of all.
    const trial = pool.mirror?.trials.get(best.trialId) ?? single.find((one) => one.id === best.trialId);
    if (trial !== undefined) trials.set(id, [trial]);
    else if (isBestOf(best.trialId, experiments) && pool.call !== null)
      trials.set(id, [(await pool.call("trial/get", { trialId: best.trialId })).trial]);
  }
  const curves = pool.call === null ? [] : await readCurves(pool.call, [...trials.values()].flat());
  return { experiments, trials, curves };
}

/** The path of an experiment's script on the person's machine; null where it is not known. */
export function scriptOf({ workspace, script }: Pick<Experiment, "workspace" | "script">): string | null {
  return workspace === "" ? null : path.join(workspace, script);
}

/** Of the experiments that follow the same metric as the newest that has one, the one with the best value; null: none has one. */
export function bestExperiment(experiments: readonly Experiment[]): Experiment | null {
  const metric = experiments.find((one) => one.metric !== null && one.best !== null)?.metric ?? null;
  if (metric === null) return null;
  const sign = metric.smallerIsBetter ? 1 : -1;
  return experiments
    .filter(
      (one) =>
        one.metric?.name === metric.name &&
        one.metric.group === metric.group &&
        Number.isFinite(one.best?.value ?? NaN),
    )
    .reduce<Experiment | null>(
      (best, one) =>
        best === null || sign * ((one.best?.value ?? 0) - (best.best?.value ?? 0)) < 0 ? one : best,
      null,
    );
}

function isBestOf(trialId: string, experiments: readonly Experiment[]): boolean {
  return bestExperiment(experiments)?.best?.trialId === trialId;
}

async function experimentsOf(
  { mirror, call }: HistoryPool,
  script: string,
): Promise<{ experiments: Experiment[]; single: readonly Trial[] }> {
  const isOfScript = (one: Experiment): boolean => scriptOf(one) === script;
  const isWhole = mirror !== null && mirror.from <= 1;
  const asked =
    isWhole || call === null ? null : await call("experiment/page", { script, limit: MOST_EXPERIMENTS });
  // An older server does not know the question, and answers with all.
  const found = new Map((asked?.experiments ?? []).filter(isOfScript).map((one) => [one.id, one]));
  for (const one of mirror?.experiments.values() ?? []) if (isOfScript(one)) found.set(one.id, one);
  const experiments = [...found.values()].sort((a, b) => b.id - a.id).slice(0, MOST_EXPERIMENTS);
  return { experiments, single: asked?.trials ?? [] };
}

async function trialsOf(
  { mirror, call }: HistoryPool,
  experiment: Experiment,
  single: readonly Trial[],
): Promise<Trial[]> {
  const { id: experimentId, metric, trialCounts } = experiment;
  const held = mirror?.trialsOf(experimentId) ?? [];
  if (experiment.searcher === "single")
    return held.length > 0 ? [...held] : single.filter((one) => one.experimentId === experimentId);
  const running = mirror?.holdingOf(experimentId) ?? [];
  if (call === null || mirror?.isWhole(experimentId) === true)
    return distinct([
      ...firstOf(held, BEST_TRIALS, bestFirst(metric)),
      ...held.filter(({ state }) => state === "failed").slice(-FAILED_TRIALS),
      ...running.slice(-RUNNING_TRIALS),
      ...held.filter(({ nan }) => nan !== null).slice(0, 1),
    ]);
  const page = async (change: object, limit: number): Promise<Trial[]> =>
    (await call("trial/page", { experimentId, limit, ...change })).trials;
  return distinct([
    ...running.slice(-RUNNING_TRIALS),
    ...(await page({}, BEST_TRIALS)),
    ...((trialCounts.failed ?? 0) > 0 ? await page({ states: ["failed"] }, FAILED_TRIALS) : []),
    ...(await page({ filter: "nan" }, 1)),
  ]);
}

function distinct(trials: readonly Trial[]): Trial[] {
  const found = new Map<string, Trial>();
  for (const trial of trials) if (!found.has(trial.id)) found.set(trial.id, trial);
  return [...found.values()];
}
