/**
 * A pool whose runs are only imagined, on a clock that only the test moves: engine, searcher, table of lifecycles, dispatcher and
 * SQLite store are the real ones. A server of it can be cut off at any of its points: each call of the store and each action.
 * What a kill leaves is what is on disk, and the runs, which live on.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Slot } from "../../../../src/cluster/protocol/entities.ts";
import { METHODS, type SubmitRequest } from "../../../../src/cluster/protocol/methods.ts";
import type { Control, RunEvent } from "../../../../src/cluster/protocol/runDirectory.ts";
import type { SearchChange } from "../../../../src/cluster/search/searcher.ts";
import type { Actions } from "../../../../src/cluster/server/experiments/actions.ts";
import type { Context } from "../../../../src/cluster/server/experiments/context.ts";
import { createDispatcher } from "../../../../src/cluster/server/experiments/dispatcher.ts";
import { healthyDisk } from "../../../faults/healthyDisk.ts";
import { createEngine } from "../../../../src/cluster/server/experiments/engine.ts";
import { isFinal } from "../../../../src/cluster/server/experiments/rollup.ts";
import { searchOf, validationsIn } from "../../../../src/cluster/server/experiments/search.ts";
import { newExperiment } from "../../../../src/cluster/server/experiments/submission.ts";
import { openDatabase } from "../../../../src/cluster/server/store/database.ts";
import { createPoolStore, type PoolStore } from "../../../../src/cluster/server/store/poolStore.ts";
import { submission } from "../testServer.ts";
import { silentLogger } from "../trees/sender.ts";

const TICK_MS = 1000;
const EPOCHS = 9;

/** The server was killed here. */
export class Killed extends Error {}

interface VirtualRun {
  id: string;
  trialId: string;
  /** It is seen to run from the tick on that follows its launch. */
  isSeen: boolean;
  events: { rank: number; writer: string; event: RunEvent }[];
  asked: Control["action"] | "cancel" | null;
  end: "completed" | "paused" | "stopped" | "failed" | "lost" | "killed" | null;
}

/** What there is beside the server: its files, the runs, the clock. */
export interface World {
  folder: string;
  now: number;
  runs: Map<string, VirtualRun>;
  /** Epochs that the newest checkpoint of each trial has. */
  checkpoints: Map<string, number>;
  slots: number;
  request: SubmitRequest;
  change: { at: number; change: SearchChange };
  /** What must never happen. */
  problems: string[];
}

export function createWorld(configuration: object, slots: number, change: World["change"]): World {
  return {
    folder: mkdtempSync(path.join(tmpdir(), "trainyard-kills-")),
    now: 0,
    runs: new Map(),
    checkpoints: new Map(),
    slots,
    request: METHODS["experiment/submit"].params.parse(submission("0".repeat(40), { configuration })),
    change,
    problems: [],
  };
}

export function removeWorld({ folder }: World): void {
  rmSync(folder, { recursive: true });
}

/** Every run trains one epoch further, or does what it was asked to. */
export function advance(world: World): void {
  world.now += TICK_MS;
  for (const run of world.runs.values()) {
    if (run.end !== null) continue;
    run.isSeen = true;
    const trained = world.checkpoints.get(run.trialId) ?? 0;
    const attempt = Number(run.id.split(".")[2]);
    const number = Number(run.trialId.split(".")[1]);
    if (run.asked === "stop") run.end = "stopped";
    else if (run.asked === "kill" || run.asked === "cancel") run.end = "killed";
    else if (run.asked === "pause" || run.asked === "preempt") run.end = "paused";
    else if (number % 5 === 0 && attempt === 1 && trained === 2) run.end = "failed";
    else if (number % 7 === 0 && attempt === 1 && trained === 1) run.end = "lost";
    else if (trained === EPOCHS) run.end = "completed";
    if (run.end !== null) continue;
    // It checkpoints after each epoch.
    world.checkpoints.set(run.trialId, trained + 1);
    run.events.push({
      rank: 0,
      writer: "0",
      event: {
        type: "metrics",
        seq: run.events.length + 1,
        t: world.now / 1000,
        group: "validation",
        step: trained + 1,
        values: { loss: ((number * 7919) % 101) / 101 + 1 / (trained + 1) },
      },
    });
  }
}

export interface Server {
  store: PoolStore;
  /** What a server does first. */
  start(): void;
  /** What it does again and again. */
  tick(): Promise<void>;
  isDone(): boolean;
  close(): void;
}

/** @param point called at each place where the server may be killed: by throwing */
export function openServer(world: World, point: () => void): Server {
  const database = openDatabase(path.join(world.folder, "pool.sqlite"), "1");
  const store = killable(
    createPoolStore(database, () => undefined),
    point,
  );
  const context = {
    pool: world.folder,
    leases: path.join(world.folder, "leases"),
    store,
    secrets: { list: () => [] },
    slots: { read: () => Promise.resolve({ slots: slotsOf(world.slots), news: null }) },
    disk: healthyDisk,
    logger: silentLogger,
  } as unknown as Context;
  const actions = killable(actionsOn(world), point);
  const engine = createEngine(
    context,
    actions,
    () => undefined,
    () => Promise.resolve(),
  );
  const dispatcher = createDispatcher(context, engine, () => undefined);

  function submit(): void {
    if (store.submission(world.request.submissionId) !== null) return;
    store.transaction(() => {
      const record = store.insertExperiment(world.request.submissionId, (id) =>
        newExperiment(context, world.request, id),
      );
      record.own.restartsWithoutProgress = true;
      store.putExperiment(record);
      engine.begin(record);
    });
  }

  function changeOnce(): void {
    const isChanged = store.experiment(1)?.own.changes !== undefined;
    if (world.now >= world.change.at && !isChanged) engine.changeSearch(1, world.change.change);
  }

  function observe(): void {
    for (const { trial } of store.trialsIn("starting", "running", "pausing", "stopping")) {
      const run = trial.currentRun === null ? undefined : world.runs.get(trial.currentRun);
      if (run?.isSeen !== true) continue;
      const record = store.run(run.id);
      if (record !== null && record.run.pid === null) {
        record.run.pid = 1;
        record.run.startedAt = world.now;
        store.transaction(() => {
          store.putRun(record);
          engine.apply(trial.id, { type: "launched" });
        });
      }
      tellSearcher(run);
      if (run.end === "lost") engine.apply(trial.id, { type: "runLost" }, { outcome: "lost" });
      else if (run.end === "failed")
        engine.apply(
          trial.id,
          { type: "runEnded", ending: { kind: "failed", mayRestart: true } },
          { outcome: "failed" },
        );
      else if (run.end !== null)
        engine.apply(trial.id, { type: "runEnded", ending: { kind: run.end } }, { outcome: run.end });
    }
  }

  /** All that the run has ever reported: what the searcher has heard already is to be left out. */
  function tellSearcher(run: VirtualRun): void {
    const trial = store.trial(run.trialId);
    const experiment = store.experiment(1);
    if (trial === null || experiment === null) return;
    const { configuration } = searchOf(experiment.own);
    const { validations } = validationsIn(
      run.events,
      configuration,
      trial.own.searcherTime ?? -Infinity,
      true,
    );
    if (validations.length > 0) engine.validated(run.trialId, validations);
  }

  return {
    store,
    start: () => {
      engine.recover();
    },
    async tick() {
      submit();
      changeOnce();
      observe();
      await dispatcher.dispatch();
    },
    isDone() {
      const record = store.experiment(1);
      return record !== null && isFinal(record.experiment.state) && world.now >= world.change.at;
    },
    close: () => {
      database.close();
    },
  };
}

function actionsOn(world: World): Actions {
  return {
    launch(runId) {
      if (world.runs.has(runId)) return; // harmless the second time
      const trialId = runId.split(".").slice(0, 2).join(".");
      const others = [...world.runs.values()].filter(({ end }) => end === null);
      if (others.some((other) => other.trialId === trialId))
        world.problems.push(`${runId} began beside another run of its trial`);
      if (others.length >= world.slots) world.problems.push(`${runId} began without a slot`);
      world.runs.set(runId, { id: runId, trialId, isSeen: false, events: [], asked: null, end: null });
    },
    isLaunching: () => false,
    adopt: () => undefined,
    signal(runId, { action }) {
      const run = world.runs.get(runId);
      if (run !== undefined && run.asked !== "cancel") run.asked = action;
    },
    cancel(runId) {
      const run = world.runs.get(runId);
      if (run !== undefined) run.asked = "cancel";
    },
    tidy: () => undefined,
    forgetSecrets: () => undefined,
    afterwards: () => undefined,
    settled: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function slotsOf(count: number): Slot[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `cpu${index}`,
    kind: "cpu",
    index,
    lease: `cpu${index}`,
    name: "CPU",
    memoryBytes: null,
    usedMemoryBytes: null,
    utilisation: null,
    state: "free",
    detail: null,
    trialId: null,
  }));
}

/** The same, with a point before each call, and after it. */
function killable<T extends object>(target: T, point: () => void): T {
  return new Proxy(target, {
    get(from, key, self) {
      const value: unknown = Reflect.get(from, key, self);
      if (typeof value !== "function") return value;
      return (...given: unknown[]): unknown => {
        point();
        const result: unknown = Reflect.apply(value, self, given);
        point();
        return result;
      };
    },
  });
}
