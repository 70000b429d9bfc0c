/** A pool with a long history, written through the store as a server would have left it. Nothing of it ever ran. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Checkpoint, Experiment, Run, Trial, TrialState } from "../../src/cluster/protocol/entities.ts";
import type { SubmitRequest } from "../../src/cluster/protocol/methods.ts";
import { withoutConfiguration } from "../../src/cluster/protocol/configuration.ts";
import { openDatabase } from "../../src/cluster/server/store/database.ts";
import { createPoolStore, type PoolStore } from "../../src/cluster/server/store/poolStore.ts";
import type { ExperimentRecord, RunRecord, TrialRecord } from "../../src/cluster/server/store/records.ts";

export interface BigPool {
  /** With one trial each, in the order of their numbers before the searches. */
  singles: number;
  /** How many trials each search has. */
  searches: readonly number[];
  /** Where all were submitted from. */
  workspace: string;
}

const METRIC = {
  group: "validation",
  name: "loss",
  smallerIsBetter: true,
  origin: "only_validation",
} as const;
const ENDINGS: readonly TrialState[] = ["completed", "completed", "completed", "stopped", "failed"];
const BEGAN_AT = 1_750_000_000_000;
const EACH_MS = 60_000;
const NAMES = ["digits", "resnet", "gpt-small", "tabular", "segment"];

/** @param home the pool's folder, which has no database yet */
export function writeBigPool(home: string, { singles, searches, workspace }: BigPool): void {
  mkdirSync(path.join(home, "state"), { recursive: true, mode: 0o700 });
  // As by an older server: whoever opens it may take it over.
  const database = openDatabase(path.join(home, "state", "pool.sqlite"), "0.0.0");
  const store = createPoolStore(database, () => undefined);
  store.transaction(() => {
    for (let index = 0; index < singles; index++) put(store, workspace, "single", 1);
    for (const trials of searches) put(store, workspace, "random", trials);
  });
  store.close();
}

function put(store: PoolStore, workspace: string, searcher: string, trials: number): void {
  const { experiment } = store.insertExperiment(crypto.randomUUID(), (id) =>
    experimentRecord(id, workspace, searcher, trials),
  );
  for (let number = 1; number <= trials; number++) {
    const record = trialRecord(experiment, number);
    store.putTrial(record);
    store.putRun(runRecord(record.trial));
    if (record.trial.latestCheckpoint !== null) store.putCheckpoint(checkpoint(record.trial));
  }
}

function experimentRecord(id: number, workspace: string, searcher: string, trials: number): ExperimentRecord {
  const createdAt = BEGAN_AT + id * EACH_MS;
  const name = `${NAMES[id % NAMES.length] ?? ""}-${id}`;
  const snapshot = {
    tree: id.toString(16).padStart(40, "0"),
    files: 12,
    bytes: 40_000,
    takenAt: createdAt,
    root: workspace,
    head: { commit: id.toString(16).padStart(40, "f"), branch: "main", modified: id % 2 === 0 },
    linked: [],
    leftOut: [{ path: "data", reason: "ignored", bytes: null }],
  };
  const trialCounts: Experiment["trialCounts"] = {};
  for (let number = 1; number <= trials; number++) {
    const state = stateOf(id, number);
    trialCounts[state] = (trialCounts[state] ?? 0) + 1;
  }
  const experiment: Experiment = {
    id,
    name,
    state: trials === 1 ? (stateOf(id, 1) as Experiment["state"]) : "completed",
    createdAt,
    endedAt: createdAt + EACH_MS,
    workspace,
    script: "train.py",
    commandLine: ["python", "train.py", "--epochs", "10"],
    slotsPerTrial: 1,
    searcher,
    snapshot,
    configuration: null,
    metric: METRIC,
    best: bestTrial(id, trials),
    trialCounts,
    trialsPlanned: trials,
    warnings: [],
    priority: 42,
    weight: 1,
    maxSlots: null,
    notes: "",
    labels: id % 50 === 0 ? ["keep"] : [],
    question: null,
  };
  const request: Omit<SubmitRequest, "secrets"> = {
    submissionId: crypto.randomUUID(),
    name,
    workspace,
    script: "train.py",
    directory: ".",
    arguments: ["--epochs", "10"],
    snapshot,
    interpreter: "/usr/bin/python3",
    configuration: { value: withoutConfiguration(), source: null },
    slotsPerTrial: 1,
    launcher: "python",
    startFrom: null,
  };
  const own: ExperimentRecord["own"] = {
    request,
    experimentSeed: id,
    searcher: { name: searcher, version: 1, data: {} },
    startFrom: null,
    restartsWithoutProgress: false,
  };
  return { experiment, own };
}

function stateOf(experimentId: number, number: number): TrialState {
  return ENDINGS[(experimentId + number) % ENDINGS.length] ?? "completed";
}

function bestTrial(experimentId: number, trials: number): Experiment["best"] {
  let best: Experiment["best"] = null;
  for (let number = 1; number <= trials; number++) {
    const own = bestOf(experimentId, number);
    if (best === null || own.value < best.value) best = { trialId: `${experimentId}.${number}`, ...own };
  }
  return best;
}

/** Different for each, and the same each time. */
function bestOf(experimentId: number, number: number): { value: number; step: number; at: number } {
  const noise = Math.abs(Math.sin(experimentId * 12.9898 + number * 78.233)) * 0.9;
  return { value: 0.05 + noise, step: 100, at: BEGAN_AT + experimentId * EACH_MS };
}

function trialRecord({ id: experimentId, createdAt }: Experiment, number: number): TrialRecord {
  const noise = Math.abs(Math.sin(experimentId * 4.1414 + number * 3.7));
  const trial: Trial = {
    id: `${experimentId}.${number}`,
    experimentId,
    number,
    state: stateOf(experimentId, number),
    waitReason: null,
    hyperparameters: {
      lr: 10 ** (-4 + 3 * noise),
      batch_size: 2 ** (4 + (number % 5)),
      optimiser: number % 3 === 0 ? "sgd" : "adam",
      model: { width: 64 * (1 + (number % 8)), dropout: Math.round(noise * 100) / 100 },
    },
    parameters: { epochs: { value: 10, origin: "flag" } },
    seed: number,
    createdAt,
    startedAt: createdAt + 1000,
    endedAt: createdAt + EACH_MS,
    attempts: 1,
    restarts: 0,
    currentRun: null,
    slots: [],
    latestStep: 100,
    progress: 1,
    best: bestOf(experimentId, number),
    latestCheckpoint: number % 10 === 1 ? uuidOf(experimentId, number) : null,
    pausable: { possible: false, reason: "it has ended" },
    nan: null,
    failure: null,
    warnings: [],
    name: null,
    notes: "",
    labels: [],
    starred: false,
  };
  const own: TrialRecord["own"] = {
    queuedAt: createdAt,
    asked: null,
    hasProgress: true,
    control: null,
    notBefore: 0,
    time: { waitedMs: 1000, heldMs: EACH_MS - 1000, since: createdAt + EACH_MS },
    invalidHyperparameters: null,
    warningCodes: [],
  };
  return { trial, own };
}

function runRecord({ id, experimentId, startedAt, endedAt, state, seed }: Trial): RunRecord {
  const run: Run = {
    id: `${id}.1`,
    trialId: id,
    attempt: 1,
    outcome: state === "stopped" || state === "failed" ? state : "completed",
    startedAt,
    endedAt,
    slots: ["cpu:0"],
    pid: 1000 + seed,
    exitCode: 0,
    signal: null,
    failure: null,
    resumedFromStep: null,
  };
  return { run, own: { spec: { run: run.id, experiment: experimentId } as never, tidy: true } };
}

function checkpoint({ id, experimentId, number, createdAt }: Trial): Checkpoint {
  return {
    uuid: uuidOf(experimentId, number),
    experimentId,
    trialId: id,
    runId: `${id}.1`,
    step: 100,
    createdAt,
    bytes: 1_000_000,
    files: 2,
    metrics: { "validation/loss": bestOf(experimentId, number).value },
    metadata: {},
    pinned: false,
  };
}

function uuidOf(experimentId: number, number: number): string {
  return `${experimentId.toString(16).padStart(8, "0")}-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;
}
