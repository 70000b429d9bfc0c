import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../../../src/cluster/server/store/database.ts";
import { createPoolStore } from "../../../../src/cluster/server/store/poolStore.ts";
import type { ExperimentRecord } from "../../../../src/cluster/server/store/records.ts";

let folder: string;
let commits: number;
const open = (eventsKept?: number) =>
  createPoolStore(openDatabase(path.join(folder, "pool.sqlite"), "1"), () => commits++, eventsKept);

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "trainyard-store-"));
  commits = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const record = (id: number, name = "x") =>
  ({ experiment: { id, name, state: "waiting" }, own: { more: 1 } }) as unknown as ExperimentRecord;
const SUBMISSION = "0a52ed5d-0acf-4a52-a4f6-4e9f0c9f0f7b";

test("an entity and its event are written together, once for each change, and told after the commit", () => {
  const store = open();
  store.insertExperiment(SUBMISSION, (id) => record(id));
  expect(commits).toBe(1);
  store.putExperiment(record(1));
  expect(store.lastSeq()).toBe(1);
  store.transaction(() => {
    store.putExperiment(record(1, "y"));
    store.putExperiment(record(1, "z"));
    expect(commits).toBe(1);
  });
  expect(commits).toBe(2);
  expect(store.eventsAfter(0, 10)).toMatchObject([
    { seq: 1, change: { type: "experiment", experiment: { name: "x" } } },
    { seq: 2, change: { experiment: { name: "y" } } },
    { seq: 3, change: { experiment: { name: "z" } } },
  ]);
  store.close();
});

test("what fails leaves neither entity nor event, and nobody is told", () => {
  const store = open();
  expect(() =>
    store.insertExperiment(SUBMISSION, () => {
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(store.submission(SUBMISSION)).toBeNull();
  expect(store.experiments()).toEqual([]);
  expect(store.lastSeq()).toBe(0);
  expect(commits).toBe(0);
  store.close();
});

test("ids, numbers and the pool's own id outlive deletion and restart", () => {
  const store = open();
  const poolId = store.poolId;
  store.insertExperiment(SUBMISSION, (id) => record(id));
  store.deleteExperiment({ experimentId: 1, tree: null, trialIds: [], runIds: [], checkpointUuids: [] });
  store.close();
  const again = open();
  expect(again.poolId).toBe(poolId);
  expect(again.submission(SUBMISSION)).toBeNull();
  expect(again.leftovers()).toMatchObject([{ leftovers: { experimentId: 1 } }]);
  expect(again.insertExperiment(SUBMISSION, (id) => record(id)).experiment.id).toBe(2);
  expect(again.eventsAfter(1, 10)).toMatchObject([
    { seq: 2, change: { type: "experimentDeleted", id: 1 } },
    { seq: 3, change: { experiment: { id: 2 } } },
  ]);
  again.close();
});

test("the table of events does not grow without end", () => {
  const store = open(500);
  expect(store.firstSeq()).toBe(1);
  for (let i = 0; i < 2000; i++) store.putSlots([]);
  expect([store.firstSeq(), store.lastSeq()]).toEqual([1501, 2000]);
  store.close();
});
