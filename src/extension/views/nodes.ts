/** Which rows stand under which in the experiments tree, and in what order. Pure. */
import { rankCheckpoints } from "../../cluster/client/checkpointChoice.ts";
import type { Experiment, MetricChoice, Trial } from "../../cluster/protocol/entities.ts";
import type { PoolMirror } from "../../cluster/client/mirror.ts";
import type { WorkspaceFolders } from "../workspaceFolders.ts";
import { groupOf, GROUPS, type GroupId } from "./states.ts";

/** Numbers are a pool's own, so each row says which pool's it is (`Pool.id`). */
interface OfPool {
  poolId: string;
  experimentId: number;
}
/** `single`: the one row of an experiment with one trial, which is trial and experiment at once. */
export type ExperimentsNode = OfPool &
  (
    | { kind: "experiment" }
    | { kind: "single"; trialId: string }
    | { kind: "group"; group: GroupId }
    | { kind: "trial"; trialId: string }
    | { kind: "checkpoint"; trialId: string; uuid: string }
    | { kind: "more"; group: GroupId; hidden: number }
  );

/** What a pool holds, and which pool it is. */
export interface PoolContents {
  id: string;
  mirror: PoolMirror;
}

/** The tree asks for every row of an open group at once, so a group shows this many, and more on demand. */
export const PAGE_OF_TRIALS = 200;
/** So many trials of a search stand under it as they are; more are grouped by state. */
const MOST_UNGROUPED = 10;

/** Stable over reloads and state changes: selection and expansion hang on it. */
export function nodeId(node: ExperimentsNode): string {
  return `${node.poolId}/${idInPool(node)}`;
}

function idInPool(node: ExperimentsNode): string {
  switch (node.kind) {
    case "experiment":
    case "single":
      return `experiment/${node.experimentId}`;
    case "group":
      return `experiment/${node.experimentId}/${node.group}`;
    case "more":
      return `experiment/${node.experimentId}/${node.group}/more`;
    case "trial":
      return `trial/${node.trialId}`;
    case "checkpoint":
      return `checkpoint/${node.uuid}`;
  }
}

export function isSingle(experiment: Pick<Experiment, "searcher">): boolean {
  return experiment.searcher === "single";
}

export function rowOf({ id, mirror }: PoolContents, experiment: Experiment): ExperimentsNode {
  const [trial] = isSingle(experiment) ? mirror.trialsOf(experiment.id) : [];
  const of = { poolId: id, experimentId: experiment.id };
  return trial ? { kind: "single", ...of, trialId: trial.id } : { kind: "experiment", ...of };
}

export interface ExperimentsFilter {
  folders: Pick<WorkspaceFolders, "isEmpty" | "has">;
  showAll: boolean;
}

/** Newest first; those of the open folders before those of others. */
export function rootsOf(pools: readonly PoolContents[], filter: ExperimentsFilter): ExperimentsNode[] {
  const here = (experiment: Experiment): boolean => filter.folders.has(experiment);
  return pools
    .flatMap((pool) => [...pool.mirror.experiments.values()].map((experiment) => ({ pool, experiment })))
    .filter(({ experiment }) => filter.showAll || filter.folders.isEmpty || here(experiment))
    .sort(
      ({ pool: p, experiment: a }, { pool: q, experiment: b }) =>
        Number(here(b)) - Number(here(a)) || (p === q ? b.id - a.id : b.createdAt - a.createdAt),
    )
    .map(({ pool, experiment }) => rowOf(pool, experiment));
}

export function childrenOf(
  mirror: PoolMirror,
  node: ExperimentsNode,
  shown: (node: OfPool, group: GroupId) => number,
): ExperimentsNode[] {
  const of: OfPool = { poolId: node.poolId, experimentId: node.experimentId };
  switch (node.kind) {
    case "experiment":
      return isGrouped(mirror, of) ? groupsOf(mirror, of) : ungrouped(mirror, of);
    case "group": {
      const metric = mirror.experiments.get(node.experimentId)?.metric ?? null;
      const trials = sortTrials(
        mirror.trialsOf(node.experimentId).filter((trial) => groupOf(trial.state) === node.group),
        metric,
      );
      const most = shown(node, node.group);
      const rows: ExperimentsNode[] = trials
        .slice(0, most)
        .map((trial) => ({ kind: "trial", ...of, trialId: trial.id }));
      const hidden = trials.length - rows.length;
      return hidden > 0 ? [...rows, { kind: "more", ...of, group: node.group, hidden }] : rows;
    }
    case "single":
    case "trial": {
      const metric = mirror.experiments.get(node.experimentId)?.metric ?? null;
      return rankCheckpoints(mirror.checkpointsOf(node.trialId), metric).map((checkpoint) => ({
        kind: "checkpoint",
        ...of,
        trialId: node.trialId,
        uuid: checkpoint.uuid,
      }));
    }
    case "checkpoint":
    case "more":
      return [];
  }
}

export function parentOf(mirror: PoolMirror, node: ExperimentsNode): ExperimentsNode | undefined {
  const of: OfPool = { poolId: node.poolId, experimentId: node.experimentId };
  switch (node.kind) {
    case "experiment":
    case "single":
      return undefined;
    case "group":
      return { kind: "experiment", ...of };
    case "more":
      return { kind: "group", ...of, group: node.group };
    case "trial": {
      if (!isGrouped(mirror, of)) return { kind: "experiment", ...of };
      const trial = mirror.trials.get(node.trialId);
      return { kind: "group", ...of, group: groupOf(trial?.state ?? "running") };
    }
    case "checkpoint":
      return trialRow(mirror, of, node.trialId);
  }
}

/** The row that stands for a trial: its own, or its experiment's when it is the only one. */
export function trialRow(mirror: PoolMirror, of: OfPool, trialId: string): ExperimentsNode {
  const experiment = mirror.experiments.get(of.experimentId);
  const single = experiment ? isSingle(experiment) : false;
  return { kind: single ? "single" : "trial", ...of, trialId };
}

function isGrouped(mirror: PoolMirror, { experimentId }: OfPool): boolean {
  return mirror.trialsOf(experimentId).length > MOST_UNGROUPED;
}

function ungrouped(mirror: PoolMirror, of: OfPool): ExperimentsNode[] {
  const metric = mirror.experiments.get(of.experimentId)?.metric ?? null;
  return sortTrials(mirror.trialsOf(of.experimentId), metric).map(({ id }) => ({
    kind: "trial",
    ...of,
    trialId: id,
  }));
}

function groupsOf(mirror: PoolMirror, of: OfPool): ExperimentsNode[] {
  const present = new Set(mirror.trialsOf(of.experimentId).map((trial) => groupOf(trial.state)));
  return GROUPS.filter(({ id }) => present.has(id)).map(({ id }) => ({ kind: "group", ...of, group: id }));
}

/** Best first by the experiment's metric; trials without a value after them, in order of their numbers. */
export function sortTrials(trials: readonly Trial[], metric: MetricChoice | null): Trial[] {
  const sign = metric && !metric.smallerIsBetter ? -1 : 1;
  return [...trials].sort((a, b) => {
    if (metric === null || a.best === null || b.best === null)
      return Number(a.best === null) - Number(b.best === null) || a.number - b.number;
    return sign * (a.best.value - b.best.value) || a.number - b.number;
  });
}
