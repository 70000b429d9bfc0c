/** Any sequence of writes, with crashes between them, equals a plain model. */
import fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Checkpoint } from "../../../../src/cluster/protocol/entities.ts";
import { openDatabase } from "../../../../src/cluster/server/store/database.ts";
import { createPoolStore } from "../../../../src/cluster/server/store/poolStore.ts";
import type {
  ExperimentRecord,
  RunRecord,
  TrialRecord,
} from "../../../../src/cluster/server/store/records.ts";

type Action =
  | { do: "submit"; submission: number; text: string; fails: boolean }
  | { do: "rename"; experiment: number; text: string }
  | { do: "trial"; experiment: number; number: number; text: string; fails: boolean }
  | { do: "run"; experiment: number; number: number; attempt: number; text: string }
  | { do: "checkpoint"; experiment: number; number: number; uuid: number; text: string }
  | { do: "delete"; experiment: number }
  | { do: "reopen" };

const small = fc.integer({ min: 1, max: 3 });
const fails = fc.boolean();
const text = fc.string({ unit: "binary", maxLength: 20 });
const ACTIONS: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ do: fc.constant("submit" as const), submission: small, text, fails }),
  fc.record({ do: fc.constant("rename" as const), experiment: small, text }),
  fc.record({ do: fc.constant("trial" as const), experiment: small, number: small, text, fails }),
  fc.record({ do: fc.constant("run" as const), experiment: small, number: small, attempt: small, text }),
  fc.record({ do: fc.constant("checkpoint" as const), experiment: small, number: small, uuid: small, text }),
  fc.record({ do: fc.constant("delete" as const), experiment: small }),
  fc.record({ do: fc.constant("reopen" as const) }),
);

interface Model {
  next: number;
  submissions: Map<string, number>;
  experiments: Map<number, string>;
  trials: Map<string, string>;
  runs: Map<string, string>;
  checkpoints: Map<string, { trialId: string; text: string }>;
}

const submissionOf = (number: number): string => `submission-${number}`;
const uuidOf = (experiment: number, uuid: number): string => `uuid-${experiment}-${uuid}`;
const experimentOf = (id: number, name: string) =>
  ({ experiment: { id, name, state: "waiting" }, own: { name } }) as unknown as ExperimentRecord;

test("the store equals a plain model after any sequence of operations, reopened at any place", () => {
  fc.assert(
    fc.property(fc.array(ACTIONS, { maxLength: 40 }), (actions) => {
      const folder = fs.mkdtempSync(path.join(tmpdir(), "trainyard-model-"));
      const open = () =>
        createPoolStore(openDatabase(path.join(folder, "pool.sqlite"), "1"), () => undefined);
      let store = open();
      const model: Model = {
        next: 1,
        submissions: new Map(),
        experiments: new Map(),
        trials: new Map(),
        runs: new Map(),
        checkpoints: new Map(),
      };
      try {
        let seq = 0;
        for (const action of actions) {
          if (action.do === "reopen") {
            store.close();
            store = open();
          } else store = perform(action, store, model);
          same(store, model);
          expect(store.lastSeq()).toBeGreaterThanOrEqual(seq);
          seq = store.lastSeq();
        }
        store.close();
        store = open();
        same(store, model);
        expect(store.lastSeq()).toBe(seq);
      } finally {
        store.close();
        fs.rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);

type Store = ReturnType<typeof createPoolStore>;

class Refused extends Error {}

function perform(action: Exclude<Action, { do: "reopen" }>, store: Store, model: Model): Store {
  switch (action.do) {
    case "submit": {
      const name = submissionOf(action.submission);
      if (store.submission(name) !== null) break;
      const submit = () =>
        store.transaction(() => {
          store.insertExperiment(name, (id) => experimentOf(id, action.text));
          if (action.fails) throw new Refused();
        });
      if (action.fails) {
        // Its number is given back with everything else.
        expect(submit).toThrow(Refused);
        break;
      }
      submit();
      model.submissions.set(name, model.next);
      model.experiments.set(model.next++, action.text);
      break;
    }
    case "rename":
      store.putExperiment(experimentOf(action.experiment, action.text));
      if (model.experiments.has(action.experiment)) model.experiments.set(action.experiment, action.text);
      break;
    case "trial": {
      if (!model.experiments.has(action.experiment)) break;
      const id = `${action.experiment}.${action.number}`;
      const trial = {
        id,
        experimentId: action.experiment,
        number: action.number,
        state: "waiting",
        name: action.text,
      };
      const put = () =>
        store.transaction(() => {
          store.putTrial({ trial, own: { queuedAt: action.number } } as unknown as TrialRecord);
          if (action.fails) throw new Refused();
        });
      if (action.fails) expect(put).toThrow(Refused);
      else {
        put();
        model.trials.set(id, action.text);
      }
      break;
    }
    case "run": {
      const trialId = `${action.experiment}.${action.number}`;
      if (!model.trials.has(trialId)) break;
      const id = `${trialId}.${action.attempt}`;
      const run = { id, trialId, attempt: action.attempt, outcome: null, signal: action.text };
      store.putRun({ run, own: { tidy: false } } as unknown as RunRecord);
      model.runs.set(id, action.text);
      break;
    }
    case "checkpoint": {
      const trialId = `${action.experiment}.${action.number}`;
      if (!model.trials.has(trialId)) break;
      const uuid = uuidOf(action.experiment, action.uuid);
      // A checkpoint is its first trial's for ever.
      const known = model.checkpoints.get(uuid)?.trialId ?? trialId;
      store.putCheckpoint({
        uuid,
        experimentId: action.experiment,
        trialId: known,
        step: 1,
        createdAt: action.uuid,
        runId: action.text,
      } as unknown as Checkpoint);
      model.checkpoints.set(uuid, { trialId: known, text: action.text });
      break;
    }
    case "delete": {
      store.deleteExperiment({
        experimentId: action.experiment,
        tree: null,
        trialIds: [],
        runIds: [],
        checkpointUuids: [],
      });
      model.experiments.delete(action.experiment);
      const prefix = `${action.experiment}.`;
      for (const [name, id] of model.submissions)
        if (id === action.experiment) model.submissions.delete(name);
      for (const of of [model.trials, model.runs])
        for (const id of of.keys()) if (id.startsWith(prefix)) of.delete(id);
      for (const [uuid, { trialId }] of model.checkpoints)
        if (trialId.startsWith(prefix)) model.checkpoints.delete(uuid);
      break;
    }
  }
  return store;
}

function same(store: Store, model: Model): void {
  expect(store.experiments().map(({ id, name }) => [id, name])).toEqual(
    [...model.experiments].sort(([a], [b]) => a - b),
  );
  for (const number of [1, 2, 3])
    expect(store.submission(submissionOf(number))).toBe(model.submissions.get(submissionOf(number)) ?? null);
  const sorted = (entries: Iterable<readonly [string, unknown]>) =>
    [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  expect(sorted(store.trials().map(({ id, name }) => [id, name] as const))).toEqual(sorted(model.trials));
  expect(sorted(store.runs().map(({ id, signal }) => [id, signal] as const))).toEqual(sorted(model.runs));
  expect(
    sorted(store.checkpoints().map(({ uuid, trialId, runId }) => [uuid, { trialId, text: runId }] as const)),
  ).toEqual(sorted(model.checkpoints));
}
