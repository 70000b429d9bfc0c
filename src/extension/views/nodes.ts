/** Which rows stand under which in the experiments tree, and in what order. Pure. */
import { rankCheckpoints } from "../../cluster/client/checkpointChoice.ts";
import type { Experiment, MetricChoice, Trial } from "../../cluster/protocol/entities.ts";
import type { PoolMirror } from "../../cluster/client/mirror.ts";
import { bestFirst } from "../../cluster/protocol/trialOrder.ts";
import type { WorkspaceFolders } from "../workspaceFolders.ts";
import { countIn } from "./labels.ts";
import { groupOf, GROUPS, type GroupId } from "./states.ts";

/** Numbers are a pool's own, so each row says which pool's it is (`Pool.id`). */
interface OfPool {
  poolId: string;
  /** 0 for the end of the list of experiments. */
  experimentId: number;
}
/** Which of the lists under an experiment: its trials, those of a group, or the checkpoints of a trial. */
export interface ListName {
  group: GroupId | null;
  trialId: string | null;
}
/** `single`: the one row of an experiment with one trial, which is trial and experiment at once. */
export type ExperimentsNode = OfPool &
  (
    | { kind: "experiment" }
    | { kind: "single"; trialId: string }
    | { kind: "group"; group: GroupId }
    | { kind: "trial"; trialId: string }
    | { kind: "checkpoint"; trialId: string; uuid: string }
    | EndNode
  );
/** The last row of a list that is not all there: `hidden` is null where it is not known how many are missing. */
type EndNode =
  | { kind: "more"; list: ListName; hidden: number | null }
  | { kind: "busy"; list: ListName }
  | { kind: "problem"; list: ListName; message: string };

/** A list as far as it is known. */
export interface Listed<Id> {
  ids: readonly Id[];
  hidden: number | null;
  isBusy: boolean;
  problem: string | null;
}

/** What the rows of a pool are made from. */
export interface PoolContents {
  id: string;
  mirror: PoolMirror;
  experiments: Listed<number>;
}

/** A list under an experiment. */
export type ListOf = (of: OfPool, list: ListName) => Listed<string>;

/** The tree asks for every row of an open list at once, so a list shows this many, and more on demand. */
export const PAGE_ROWS = 200;
/** So many trials of a search stand under it as they are; more are grouped by state. */
const MOST_UNGROUPED = 10;

const ALL: ListName = { group: null, trialId: null };

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
    case "busy":
    case "problem":
      return `experiment/${node.experimentId}/${listKey(node.list)}/${node.kind}`;
    case "trial":
      return `trial/${node.trialId}`;
    case "checkpoint":
      return `checkpoint/${node.uuid}`;
  }
}

export function listKey({ group, trialId }: ListName): string {
  return trialId ?? group ?? "all";
}

export function isSingle(experiment: Pick<Experiment, "searcher">): boolean {
  return experiment.searcher === "single";
}

export function rowOf(id: string, mirror: PoolMirror, experiment: Experiment): ExperimentsNode {
  const [trial] = isSingle(experiment) ? mirror.trialsOf(experiment.id) : [];
  const of = { poolId: id, experimentId: experiment.id };
  return trial ? { kind: "single", ...of, trialId: trial.id } : { kind: "experiment", ...of };
}

export interface ExperimentsFilter {
  folders: Pick<WorkspaceFolders, "isEmpty" | "has" | "paths">;
  showAll: boolean;
  /** Words that all must hold; empty: everything. */
  text: string;
}

/** Newest first; those of the open folders before those of others. */
export function rootsOf(
  pools: readonly PoolContents[],
  filter: Pick<ExperimentsFilter, "folders">,
): ExperimentsNode[] {
  const rows = pools
    .flatMap(({ id, mirror, experiments }) =>
      experiments.ids.flatMap((experimentId) => {
        const experiment = mirror.experiments.get(experimentId);
        return experiment ? { id, mirror, experiment, isHere: filter.folders.has(experiment) } : [];
      }),
    )
    .sort(
      (a, b) =>
        Number(b.isHere) - Number(a.isHere) ||
        (a.id === b.id ? b.experiment.id - a.experiment.id : b.experiment.createdAt - a.experiment.createdAt),
    )
    .map(({ id, mirror, experiment }) => rowOf(id, mirror, experiment));
  const ends = pools.flatMap(({ id, experiments }) =>
    endOf({ poolId: id, experimentId: 0 }, ALL, experiments),
  );
  return [...rows, ...ends];
}

/** @param isFiltered then trials are not grouped: how many of a group match is not known */
export function childrenOf(
  mirror: PoolMirror,
  node: ExperimentsNode,
  listOf: ListOf,
  isFiltered: boolean,
): ExperimentsNode[] {
  const of: OfPool = { poolId: node.poolId, experimentId: node.experimentId };
  switch (node.kind) {
    case "experiment":
      return !isFiltered && isGrouped(mirror, of) ? groupsOf(mirror, of) : trialsIn(mirror, of, ALL, listOf);
    case "group":
      return trialsIn(mirror, of, { group: node.group, trialId: null }, listOf);
    case "single":
    case "trial": {
      const list = { group: null, trialId: node.trialId };
      const listed = listOf(of, list);
      const rows = listed.ids.flatMap((uuid): ExperimentsNode[] =>
        mirror.checkpoints.has(uuid) ? [{ kind: "checkpoint", ...of, trialId: node.trialId, uuid }] : [],
      );
      return [...rows, ...endOf(of, list, listed)];
    }
    case "checkpoint":
    case "more":
    case "busy":
    case "problem":
      return [];
  }
}

/** Of a trial whose state has changed since they were listed, the row moves with the next reading. */
function trialsIn(mirror: PoolMirror, of: OfPool, list: ListName, listOf: ListOf): ExperimentsNode[] {
  const listed = listOf(of, list);
  const rows = listed.ids.flatMap((trialId): ExperimentsNode[] => {
    const trial = mirror.trials.get(trialId);
    const isIn = trial && (list.group === null || groupOf(trial.state) === list.group);
    return isIn ? [{ kind: "trial", ...of, trialId }] : [];
  });
  return [...rows, ...endOf(of, list, listed)];
}

function endOf(of: OfPool, list: ListName, { hidden, isBusy, problem }: Listed<unknown>): ExperimentsNode[] {
  if (problem !== null) return [{ kind: "problem", ...of, list, message: problem }];
  if (isBusy) return [{ kind: "busy", ...of, list }];
  return hidden === 0 ? [] : [{ kind: "more", ...of, list, hidden }];
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
    case "busy":
    case "problem":
      if (node.list.trialId !== null) return trialRow(mirror, of, node.list.trialId);
      if (node.list.group !== null) return { kind: "group", ...of, group: node.list.group };
      return node.experimentId === 0 ? undefined : { kind: "experiment", ...of };
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
  const experiment = mirror.experiments.get(experimentId);
  return experiment !== undefined && countIn(experiment, () => true) > MOST_UNGROUPED;
}

function groupsOf(mirror: PoolMirror, of: OfPool): ExperimentsNode[] {
  const experiment = mirror.experiments.get(of.experimentId);
  return GROUPS.filter(
    ({ id }) => experiment !== undefined && countIn(experiment, (state) => groupOf(state) === id) > 0,
  ).map(({ id }) => ({ kind: "group", ...of, group: id }));
}

/** A list under an experiment of which the mirror holds all. @param most so many rows */
export function heldList(
  mirror: PoolMirror,
  experimentId: number,
  { group, trialId }: ListName,
  most: number,
): Listed<string> {
  const metric = mirror.experiments.get(experimentId)?.metric ?? null;
  const ids =
    trialId !== null
      ? rankCheckpoints(mirror.checkpointsOf(trialId), metric).map(({ uuid }) => uuid)
      : sortTrials(
          mirror.trialsOf(experimentId).filter(({ state }) => group === null || groupOf(state) === group),
          metric,
        ).map(({ id }) => id);
  return { ids: ids.slice(0, most), hidden: Math.max(0, ids.length - most), isBusy: false, problem: null };
}

export function sortTrials(trials: readonly Trial[], metric: MetricChoice | null): Trial[] {
  return [...trials].sort(bestFirst(metric));
}
