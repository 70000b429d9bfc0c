import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Experiment, Trial } from "../../../../src/cluster/protocol/entities.ts";
import { METHODS } from "../../../../src/cluster/protocol/methods.ts";
import { bestFirst, firstOf } from "../../../../src/cluster/protocol/trialOrder.ts";
import { createLists } from "../../../../src/cluster/server/lists/pages.ts";
import { openDatabase } from "../../../../src/cluster/server/store/database.ts";
import { createPoolStore, type PoolStore } from "../../../../src/cluster/server/store/poolStore.ts";
import type { ExperimentRecord, TrialRecord } from "../../../../src/cluster/server/store/records.ts";
import { countsOf, experiment, LOSS, trial } from "../../../extension/fixtures.ts";

const folder = mkdtempSync(path.join(tmpdir(), "trainyard-lists-"));
afterAll(() => rmSync(folder, { recursive: true }));
let pools = 0;

function newStore(eventsKept?: number): PoolStore {
  const file = path.join(folder, `${++pools}.sqlite`);
  return createPoolStore(openDatabase(file, "0.0.0-test"), () => undefined, eventsKept);
}

const STATES = ["completed", "failed", "running", "waiting", "paused"] as const;
const NAMES = ["digits", "resnet"];
const FOLDERS = ["/home/ada/project", "/home/ada/projects", "/home/ada/project/models"];

/** What a pool does: submits, reports, renames, deletes. */
type Step =
  | { do: "submit"; name: number; folder: number; trials: number; isSingle: boolean }
  | {
      do: "trial";
      which: number;
      number: number;
      state: number;
      lr: number;
      best: number | null;
      label: boolean;
    }
  | { do: "rename"; which: number; name: number }
  | { do: "delete"; which: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("submit" as const),
    name: fc.nat(1),
    folder: fc.nat(2),
    trials: fc.nat(4),
    isSingle: fc.boolean(),
  }),
  fc.record({
    do: fc.constant("trial" as const),
    which: fc.nat(9),
    number: fc.integer({ min: 1, max: 4 }),
    state: fc.nat(4),
    lr: fc.constantFrom(0.001, 0.01, 0.1),
    best: fc.option(fc.constantFrom(0.1, 0.2, 0.3)),
    label: fc.boolean(),
  }),
  fc.record({ do: fc.constant("rename" as const), which: fc.nat(9), name: fc.nat(1) }),
  fc.record({ do: fc.constant("delete" as const), which: fc.nat(9) }),
);

function take(store: PoolStore, what: Step): void {
  const all = store.experiments();
  if (what.do === "submit") {
    store.insertExperiment(crypto.randomUUID(), (id) =>
      recordOf(
        experiment({
          id,
          name: NAMES[what.name] ?? "",
          workspace: FOLDERS[what.folder] ?? "",
          searcher: what.isSingle ? "single" : "random",
          metric: LOSS,
        }),
      ),
    );
    const id = store.experiments().at(-1)?.id ?? 0;
    for (let number = 1; number <= (what.isSingle ? 1 : what.trials); number++)
      putTrial(store, trial({ experimentId: id, number, hyperparameters: { model: { lr: 0.01 } } }));
    return;
  }
  const of = all[what.which % Math.max(1, all.length)];
  if (of === undefined) return;
  if (what.do === "delete")
    return store.deleteExperiment({
      experimentId: of.id,
      tree: null,
      trialIds: [],
      runIds: [],
      checkpointUuids: [],
    });
  if (what.do === "rename") return store.putExperiment(recordOf({ ...of, name: NAMES[what.name] ?? "" }));
  const known = store.trial(`${of.id}.${what.number}`)?.trial;
  if (known === undefined) return;
  const best = what.best === null ? null : { value: what.best, step: 3 };
  const changed: Trial = {
    ...known,
    state: STATES[what.state] ?? "completed",
    hyperparameters: { model: { lr: what.lr } },
    best,
    labels: what.label ? ["keep"] : [],
  };
  putTrial(store, changed);
}
const recordOf = (of: Experiment): ExperimentRecord => ({
  experiment: of,
  own: {} as ExperimentRecord["own"],
});
function putTrial(store: PoolStore, one: Trial): void {
  store.putTrial({ trial: one, own: { queuedAt: 0 } as TrialRecord["own"] });
  const record = store.experiment(one.experimentId);
  if (record === null) return;
  record.experiment.trialCounts = countsOf(store.trialsOf(one.experimentId));
  store.putExperiment(record);
}

/** Filters, and what they mean in plain words. */
const FILTERS: readonly [string, (of: Experiment, one: Trial | null) => boolean][] = [
  ["", () => true],
  ["digits", ({ name }) => name === "digits"],
  ["lr<0.05", (_, one) => one !== null && lrOf(one) < 0.05],
  ["model.lr=0.1 state:failed", (_, one) => one?.state === "failed" && lrOf(one) === 0.1],
  ["loss<=0.2 resnet", ({ name }, one) => name === "resnet" && (one?.best?.value ?? 1) <= 0.2],
  ["label:keep", (_, one) => one?.labels.includes("keep") === true],
  ["-keep", (_, one) => one?.labels.includes("keep") !== true],
  ["number>2", (_, one) => (one?.number ?? 0) > 2],
  ["nosuchword", () => false],
];
const lrOf = ({ hyperparameters }: Trial): number => (hyperparameters.model as { lr: number }).lr;

function naive(store: PoolStore, filter: number, folders: string[] | null): number[] {
  const [, fits] = FILTERS[filter] ?? ["", () => false];
  return store
    .experiments()
    .reverse()
    .filter((of) => {
      const trials: (Trial | null)[] = store.trialsOf(of.id);
      const isHere =
        folders === null || folders.some((one) => of.workspace === one || of.workspace.startsWith(`${one}/`));
      return isHere && (trials.length === 0 ? [null] : trials).some((one) => fits(of, one));
    })
    .map(({ id }) => id);
}

const experimentPage = METHODS["experiment/page"].params;
const trialPage = METHODS["trial/page"].params;

describe("pages of lists", () => {
  it("have what a plain look at everything finds, in pages of any size, whatever happens in between (property)", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 25 }),
        fc.array(fc.nat(24), { maxLength: 6 }),
        fc.nat(FILTERS.length - 1),
        fc.option(fc.subarray(FOLDERS, { minLength: 1 })),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(undefined, 3),
        async (steps, looks, filter, folders, limit, eventsKept) => {
          const store = newStore(eventsKept);
          const lists = createLists(store);
          const [text = ""] = FILTERS[filter] ?? [];
          const check = async (): Promise<void> => {
            const found: number[] = [];
            for (let before: number | null = null; ;) {
              const page = await lists.experiments(
                experimentPage.parse({ before, folders, filter: text, limit }),
              );
              expect(page.total).toBe(naive(store, filter, folders).length - found.length);
              found.push(...page.experiments.map(({ id }) => id));
              for (const one of page.trials) expect(one).toEqual(store.trial(one.id)?.trial);
              before = page.experiments.at(-1)?.id ?? null;
              if (page.experiments.length < limit) break;
            }
            expect(found).toEqual(naive(store, filter, folders));
          };
          for (const [index, what] of steps.entries()) {
            take(store, what);
            if (looks.includes(index)) await check();
          }
          await check();
          for (const of of store.experiments()) {
            const [, fits] = FILTERS[filter] ?? ["", () => false];
            const states = ["completed", "waiting"] as Trial["state"][];
            const wanted = store
              .trialsOf(of.id)
              .filter((one) => states.includes(one.state) && fits(of, one))
              .sort(bestFirst(of.metric));
            const page = await lists.trials(
              trialPage.parse({ experimentId: of.id, states, filter: text, offset: 1, limit }),
            );
            expect(page.total).toBe(wanted.length);
            expect(page.trials).toEqual(wanted.slice(1, 1 + limit));
          }
          await lists.close();
          store.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it("give an experiment part by part, with nothing twice and nothing left out", () => {
    const store = newStore();
    const lists = createLists(store);
    take(store, { do: "submit", name: 0, folder: 0, trials: 4, isSingle: false });
    take(store, { do: "submit", name: 0, folder: 0, trials: 3, isSingle: false });
    const numbers: number[] = [];
    let after: number | null = 0;
    while (after !== null) {
      const part: ReturnType<typeof lists.part> = lists.part({ experimentId: 1, after, limit: 3 });
      numbers.push(...part.trials.map(({ number }) => number));
      after = part.next;
    }
    expect(numbers).toEqual([1, 2, 3, 4]);
    store.close();
  });

  it("are those of one script, by its path on the person's machine", async () => {
    const store = newStore();
    const lists = createLists(store);
    const places = [
      ["/home/ada/project", "train.py"],
      ["/home/ada/project", "tools/train.py"],
      ["/home/ada/project/tools", "train.py"],
      ["/home/ada/projects", "train.py"],
      ["", "train.py"],
      ["C:\\work", "tools/train.py"],
    ] as const;
    for (const [workspace, script] of places)
      store.insertExperiment(crypto.randomUUID(), (id) => recordOf(experiment({ id, workspace, script })));
    const of = async (script: string): Promise<number[]> =>
      (await lists.experiments(experimentPage.parse({ script, limit: 10 }))).experiments.map(({ id }) => id);
    expect(await of("/home/ada/project/train.py")).toEqual([1]);
    expect(await of("/home/ada/project/tools/train.py")).toEqual([3, 2]);
    expect(await of("C:\\work\\tools\\train.py")).toEqual([6]);
    expect(await of("train.py")).toEqual([]);
    await lists.close();
    store.close();
  });

  it("say what is wrong: a filter that cannot be read, an experiment that is not there", async () => {
    const store = newStore();
    const lists = createLists(store);
    const page = (filter: string) => lists.experiments(experimentPage.parse({ filter, limit: 1 }));
    await expect(page('"open')).rejects.toThrow("The filter cannot be read: A quotation mark is open");
    await expect(page("lr<fast")).rejects.toThrow('lr< needs a number, and "fast" is none.');
    await expect(lists.trials(trialPage.parse({ experimentId: 9, limit: 1 }))).rejects.toThrow(
      "There is no experiment 9 in this pool.",
    );
    expect(() => lists.trial({ trialId: "9.1" })).toThrow("There is no trial 9.1 in this pool.");
    await lists.close();
    store.close();
  });
});

describe("a bounded snapshot", () => {
  it("has the newest, and of the older ones what runs or waits, with the trials that hold slots", () => {
    const store = newStore();
    const lists = createLists(store);
    for (let index = 0; index < 8; index++)
      take(store, { do: "submit", name: 0, folder: 0, trials: 3, isSingle: index % 2 === 0 });
    const inState = (id: number, state: Experiment["state"]): void => {
      const record = store.experiment(id);
      if (record) store.putExperiment(recordOf({ ...record.experiment, state }));
      for (const one of store.trialsOf(id))
        putTrial(store, { ...one, state: one.number === 1 ? state : "completed" });
    };
    for (let id = 1; id <= 8; id++) inState(id, "completed");
    inState(2, "running");
    inState(3, "waiting");
    const { experiments, trials, beyond } = lists.bounded(3);
    expect(experiments.map(({ id }) => id).sort()).toEqual([2, 3, 6, 7, 8]);
    expect(trials.map(({ id }) => id).sort()).toEqual(["2.1", "3.1", "7.1"]);
    expect(beyond).toEqual({ total: 8, from: 6 });
    expect(lists.bounded(20).beyond).toEqual({ total: 8, from: 1 });
    store.close();
  });
});

it("the first of a list are those that sorting it would bring first (property)", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 20 }), (items, count) => {
      const compare = (a: number, b: number): number => a - b;
      expect(firstOf(items, count, compare)).toEqual([...items].sort(compare).slice(0, count));
    }),
  );
});
