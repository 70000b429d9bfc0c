import { expect, test } from "vitest";
import { ExperimentLists, type ListedPool } from "../../../src/extension/views/experimentLists.ts";
import {
  childrenOf as childrenOfLists,
  heldList,
  nodeId,
  parentOf,
  rootsOf as rootsOfLists,
  sortTrials,
  type ExperimentsFilter,
  type ExperimentsNode,
} from "../../../src/extension/views/nodes.ts";
import { checkpoint, experiment, LOSS, mirror, opened, trial } from "../fixtures.ts";

const HERE = "/home/ada/project";
const OF_5 = { poolId: "gpu1", experimentId: 5 };
type Mirror = ReturnType<typeof mirror>;

/** Pools of which everything is held. */
const pools = (...mirrors: Mirror[]): ListedPool[] =>
  mirrors.map((one, index) => ({
    id: `gpu${index + 1}`,
    mirror: one,
    reader: () => Promise.reject(new Error("nothing is missing")),
    whyNot: () => null,
  }));
function rootsOf(of: ListedPool[], filter: Omit<ExperimentsFilter, "text">): ExperimentsNode[] {
  const lists = new ExperimentLists(() => undefined);
  const contents = of.flatMap((pool) =>
    pool.mirror
      ? [{ id: pool.id, mirror: pool.mirror, experiments: lists.experiments(pool, { ...filter, text: "" }) }]
      : [],
  );
  return rootsOfLists(contents, filter);
}
const all = 200;
const childrenOf = (of: Mirror, node: ExperimentsNode, most: number): ExperimentsNode[] =>
  childrenOfLists(of, node, ({ experimentId }, list) => heldList(of, experimentId, list, most), false);

function searchMirror(more = 6): ReturnType<typeof mirror> {
  const states = [
    ...(["running", "completed", "completed", "stopped", "waiting"] as const),
    ...new Array<"waiting">(more).fill("waiting"),
  ];
  return mirror({
    experiments: [experiment({ id: 5, searcher: "random", metric: LOSS })],
    trials: states.map((state, index) =>
      trial({
        experimentId: 5,
        number: index + 1,
        state,
        best: state === "completed" ? { value: 1 - index * 0.1, step: 10 } : null,
      }),
    ),
    checkpoints: [
      checkpoint({ experimentId: 5, trialId: "5.2", step: 5, metrics: { "validation/loss": 0.1 } }),
      checkpoint({ experimentId: 5, trialId: "5.2", step: 10, metrics: { "validation/loss": 0.2 } }),
    ],
  });
}

test("this folder's experiments alone, newest first; all of them with this folder's first", () => {
  const pool = mirror({
    experiments: [
      experiment({ id: 1 }),
      experiment({ id: 2, workspace: "/elsewhere" }),
      experiment({ id: 3, searcher: "grid", workspace: `${HERE}/models` }),
    ],
    trials: [trial({ experimentId: 1 }), trial({ experimentId: 2 })],
  });
  const ids = (showAll: boolean, folders: string[]): number[] =>
    rootsOf(pools(pool), { folders: opened(...folders), showAll }).map((node) => node.experimentId);
  expect(ids(false, [HERE])).toEqual([3, 1]);
  expect(ids(true, [HERE])).toEqual([3, 1, 2]);
  expect(ids(false, [])).toEqual([3, 2, 1]);
});

test("experiments of several pools stand together, newest first, and none is taken for another of its number", () => {
  const here = mirror({
    experiments: [experiment({ id: 1, createdAt: 10 }), experiment({ id: 2, createdAt: 30 })],
  });
  const there = mirror({ experiments: [experiment({ id: 1, createdAt: 20 })] });
  const rows = rootsOf(pools(here, there), { folders: opened(HERE), showAll: false });
  expect(rows.map((node) => `${node.poolId} ${node.experimentId}`)).toEqual(["gpu1 2", "gpu2 1", "gpu1 1"]);
  expect(new Set(rows.map((node) => nodeId(node))).size).toBe(3);
});

test("an experiment with one trial is one row, with its checkpoints below", () => {
  const pool = mirror({
    experiments: [experiment({ id: 1 })],
    trials: [trial()],
    checkpoints: [checkpoint({ step: 5 }), checkpoint({ step: 10 })],
  });
  const [row] = rootsOf(pools(pool), { folders: opened(HERE), showAll: false });
  expect(row).toEqual({ kind: "single", poolId: "gpu1", experimentId: 1, trialId: "1.1" });
  const children = childrenOf(pool, row as ExperimentsNode, all);
  expect(children.map((node) => node.kind)).toEqual(["checkpoint", "checkpoint"]);
  expect(parentOf(pool, children[0] as ExperimentsNode)).toEqual(row);
});

test("a search groups its trials by state; the groups that are empty are not there", () => {
  const pool = searchMirror();
  const groups = childrenOf(pool, { kind: "experiment", ...OF_5 }, all);
  expect(groups.map((node) => node.kind === "group" && node.group)).toEqual([
    "running",
    "waiting",
    "completed",
    "stopped",
  ]);
  const completed = childrenOf(pool, { kind: "group", ...OF_5, group: "completed" }, all);
  expect(completed.map((node) => nodeId(node))).toEqual(["gpu1/trial/5.3", "gpu1/trial/5.2"]);
  expect(parentOf(pool, completed[0] as ExperimentsNode)).toEqual({
    kind: "group",
    ...OF_5,
    group: "completed",
  });
});

test("a small search has its trials under it as they are, best first", () => {
  const pool = searchMirror(0);
  const trials = childrenOf(pool, { kind: "experiment", ...OF_5 }, all);
  expect(trials.map((node) => nodeId(node))).toEqual(
    ["5.3", "5.2", "5.1", "5.4", "5.5"].map((id) => `gpu1/trial/${id}`),
  );
  expect(parentOf(pool, trials[0] as ExperimentsNode)).toEqual({ kind: "experiment", ...OF_5 });
});

test("checkpoints stand best first", () => {
  const rows = childrenOf(searchMirror(), { kind: "trial", ...OF_5, trialId: "5.2" }, all);
  expect(rows.map((node) => node.kind === "checkpoint" && node.uuid.slice(-2))).toEqual(["05", "10"]);
});

test("a large group shows a page and says how many more there are", () => {
  const rows = childrenOf(searchMirror(), { kind: "group", ...OF_5, group: "completed" }, 1);
  expect(rows.at(-1)).toEqual({
    kind: "more",
    ...OF_5,
    list: { group: "completed", trialId: null },
    hidden: 1,
  });
});

test("larger is better where the metric says so; trials without a value come last", () => {
  const trials = [
    trial({ number: 1 }),
    trial({ number: 2, best: { value: 0.5, step: 1 } }),
    trial({ number: 3, best: { value: 0.9, step: 1 } }),
  ];
  const order = (smallerIsBetter: boolean): number[] =>
    sortTrials(trials, { ...LOSS, smallerIsBetter }).map(({ number }) => number);
  expect(order(true)).toEqual([2, 3, 1]);
  expect(order(false)).toEqual([3, 2, 1]);
  expect(sortTrials(trials, null).map(({ number }) => number)).toEqual([2, 3, 1]);
});
