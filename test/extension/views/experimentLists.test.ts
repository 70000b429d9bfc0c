import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { PoolMirror } from "../../../src/cluster/client/mirror.ts";
import { MirrorReader } from "../../../src/cluster/client/mirror/reader.ts";
import type { PoolCalls } from "../../../src/cluster/client/poolCalls.ts";
import { METHODS } from "../../../src/cluster/protocol/methods.ts";
import { createLists } from "../../../src/cluster/server/lists/pages.ts";
import { openDatabase } from "../../../src/cluster/server/store/database.ts";
import { createPoolStore } from "../../../src/cluster/server/store/poolStore.ts";
import type { ExperimentRecord, TrialRecord } from "../../../src/cluster/server/store/records.ts";
import { ExperimentLists, type ListedPool } from "../../../src/extension/views/experimentLists.ts";
import type { ExperimentsFilter } from "../../../src/extension/views/nodes.ts";
import { experiment, LOSS, opened, trial } from "../fixtures.ts";

const HERE = "/home/ada/project";
const NEWEST = 300;
const TOTAL = 1000;
/** Of the last one. */
const TRIALS = 450;
const ALL = { group: null, trialId: null };
const all = Array.from({ length: TOTAL }, (_, index) =>
  experiment({
    id: index + 1,
    state: "completed",
    searcher: "random",
    workspace: index % 2 === 0 ? HERE : "/elsewhere",
  }),
);
const here = all
  .filter(({ workspace }) => workspace === HERE)
  .map(({ id }) => id)
  .reverse();

const folder = mkdtempSync(path.join(tmpdir(), "trainyard-lists-"));
const store = createPoolStore(openDatabase(path.join(folder, "pool.sqlite"), "0.0.0-test"), () => undefined);
const pages = createLists(store);
beforeAll(() => {
  store.transaction(() => {
    for (const one of all) {
      const own = {} as ExperimentRecord["own"];
      store.insertExperiment(crypto.randomUUID(), () => ({ experiment: one, own }));
    }
    for (let number = 1; number <= TRIALS; number++)
      store.putTrial({
        trial: trial({ experimentId: TOTAL, number, state: "completed" }),
        own: { queuedAt: 0 } as TrialRecord["own"],
      });
  });
});
afterAll(async () => {
  await pages.close();
  store.close();
  rmSync(folder, { recursive: true });
});

/** A pool's own lists, without the wire; it fails when it is told to. */
function pool(): { listed: ListedPool; asked: string[]; fail: (message: string | null) => void } {
  const mirror = new PoolMirror();
  mirror.restart({ seq: store.lastSeq(), snapshot: { ...pages.bounded(NEWEST), slots: [] } });
  const asked: string[] = [];
  let failure: string | null = null;
  const call = async (method: "experiment/page" | "trial/page", params: unknown): Promise<unknown> => {
    asked.push(method);
    await sleep(1);
    if (failure !== null) throw new Error(failure);
    return method === "experiment/page"
      ? pages.experiments(METHODS[method].params.parse(params))
      : pages.trials(METHODS[method].params.parse(params));
  };
  const reader = new MirrorReader(mirror, call as PoolCalls["call"]);
  return {
    listed: { id: "local", mirror, reader: () => Promise.resolve(reader), whyNot: () => null },
    asked,
    fail: (message) => (failure = message),
  };
}

function filter(change: Partial<ExperimentsFilter> = {}): ExperimentsFilter {
  return { folders: opened(HERE), showAll: false, text: "", ...change };
}

test("the newest are there at once; older ones of the folder are read as far as they are shown", async () => {
  const { listed } = pool();
  const changed = vi.fn();
  const lists = new ExperimentLists(changed);
  const show = () => lists.experiments(listed, filter());
  expect(show().ids).toEqual(here.slice(0, 150));
  expect(show().isBusy).toBe(true);
  await vi.waitFor(() => expect(show()).toMatchObject({ isBusy: false, hidden: 300 }));
  expect(show().ids).toEqual(here.slice(0, 200));
  lists.more({ poolId: "local", experimentId: 0 }, ALL);
  await vi.waitFor(() => expect(show()).toMatchObject({ isBusy: false, hidden: 100 }));
  expect(show().ids).toEqual(here.slice(0, 400));
  lists.more({ poolId: "local", experimentId: 0 }, ALL);
  await vi.waitFor(() => expect(show()).toMatchObject({ isBusy: false, hidden: 0 }));
  expect(show().ids).toEqual(here);
  expect(changed).toHaveBeenCalled();
});

test("under a filter the pool says what matches; what has failed is tried again", async () => {
  const { listed, fail } = pool();
  const lists = new ExperimentLists(() => undefined);
  const show = () => lists.experiments(listed, filter({ showAll: true, text: "#7" }));
  fail("The pool does not answer.");
  show();
  await vi.waitFor(() =>
    expect(show()).toMatchObject({ isBusy: false, problem: "The pool does not answer." }),
  );
  fail(null);
  lists.retry({ poolId: "local", experimentId: 0 }, ALL);
  await vi.waitFor(() => expect(show()).toMatchObject({ isBusy: false, problem: null, hidden: 0 }));
  expect(show().ids).toEqual(
    all
      .map(({ id }) => id)
      .filter((id) => String(id).startsWith("7"))
      .reverse(),
  );
});

test("a group of a large search is read page by page, and anew when something of it has changed", async () => {
  const { listed, asked } = pool();
  const lists = new ExperimentLists(() => undefined);
  const of = { poolId: "local", experimentId: TOTAL };
  const list = { group: "completed" as const, trialId: null };
  const show = () => lists.under(listed, of, list, "");
  expect(show()).toMatchObject({ ids: [], isBusy: true });
  await vi.waitFor(() => expect(show()).toMatchObject({ isBusy: false, hidden: 250 }));
  expect(show().ids).toHaveLength(200);
  lists.more(of, list);
  await vi.waitFor(() => expect(show()).toMatchObject({ isBusy: false, hidden: 50 }));
  const before = asked.length;
  show();
  expect(asked).toHaveLength(before);
  const change = { everything: false, slots: false, trials: new Set<string>() };
  lists.outdate("local", { ...change, isOld: true, experiments: new Set([TOTAL]) }, false);
  lists.outdate("local", { ...change, isOld: false, experiments: new Set([3]) }, false);
  show();
  expect(asked).toHaveLength(before);
  lists.outdate("local", { ...change, isOld: false, experiments: new Set([TOTAL]) }, false);
  // What was there stays in sight meanwhile.
  expect(show()).toMatchObject({ isBusy: false, hidden: 50 });
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(before), { timeout: 5000 });
});

test("a pool that is not connected is not asked, and the row says why", async () => {
  const { listed, asked } = pool();
  const lists = new ExperimentLists(() => undefined);
  const away: ListedPool = { ...listed, whyNot: () => "Not connected to gpu1." };
  const show = () => lists.under(away, { poolId: "local", experimentId: 1 }, ALL, "");
  show();
  await vi.waitFor(() => expect(show().problem).toBe("Not connected to gpu1."));
  expect(asked).toEqual([]);
});

test("an experiment with a metric keeps its order over pages", () => {
  const mirror = new PoolMirror();
  mirror.restart({
    seq: 1,
    snapshot: {
      experiments: [experiment({ id: 1, searcher: "random", metric: LOSS })],
      trials: [3, 1, 2].map((value) =>
        trial({ number: value, state: "completed", best: { value: 4 - value, step: 1 } }),
      ),
      runs: [],
      checkpoints: [],
      slots: [],
    },
  });
  const listed: ListedPool = {
    id: "local",
    mirror,
    reader: () => Promise.reject(new Error("all is held")),
    whyNot: () => null,
  };
  const lists = new ExperimentLists(() => undefined);
  expect(lists.under(listed, { poolId: "local", experimentId: 1 }, ALL, "").ids).toEqual([
    "1.3",
    "1.2",
    "1.1",
  ]);
});
