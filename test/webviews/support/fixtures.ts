/** Experiments as the pool would tell them, for tests of the page. Everything is checked by the contract itself. */
import type * as z from "zod";
import type { Checkpoint, Experiment, Run, Trial } from "../../../src/cluster/protocol/entities.ts";
import type { SeriesState } from "../../../src/cluster/protocol/events.ts";
import { PageSnapshot } from "../../../src/webviews/contract/messages.ts";

export type Snapshot = z.infer<typeof PageSnapshot>;
export const NOW = Date.now();
const MINUTE = 60_000;
const TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

export function trial(changes: Partial<Trial> = {}): Trial {
  return {
    id: "12.1",
    experimentId: 12,
    number: 1,
    state: "running",
    waitReason: null,
    hyperparameters: { lr: 0.003, model: { width: 64, layers: 3 }, unused: true },
    parameters: {
      lr: { value: 0.003, origin: "configuration" },
      "model.width": { value: 64, origin: "configuration" },
      "model.layers": { value: 3, origin: "configuration" },
      batch_size: { value: 32, origin: "default" },
      seed: { value: 1234, origin: "flag" },
    },
    seed: 1234,
    createdAt: NOW - 13 * MINUTE,
    startedAt: NOW - 12 * MINUTE,
    endedAt: null,
    attempts: 1,
    restarts: 0,
    currentRun: "12.1.1",
    slots: ["cpu-0"],
    latestStep: 900,
    progress: 0.45,
    best: { value: 0.0613, step: 880 },
    latestCheckpoint: null,
    pausable: { possible: true, reason: null },
    nan: null,
    failure: null,
    warnings: [],
    name: null,
    notes: "",
    labels: [],
    starred: false,
    ...changes,
  };
}

export function run(changes: Partial<Run> = {}): Run {
  return {
    id: "12.1.1",
    trialId: "12.1",
    attempt: 1,
    outcome: null,
    startedAt: NOW - 12 * MINUTE,
    endedAt: null,
    slots: ["cpu-0"],
    pid: 4711,
    exitCode: null,
    signal: null,
    failure: null,
    resumedFromStep: null,
    ...changes,
  };
}

export function experiment(changes: Partial<Experiment> = {}): Experiment {
  return {
    id: 12,
    name: "digits-mlp",
    state: "running",
    createdAt: NOW - 13 * MINUTE,
    endedAt: null,
    workspace: "/home/ada/digits",
    script: "train.py",
    commandLine: ["/home/ada/digits/.venv/bin/python", "train.py", "--epochs", "20"],
    slotsPerTrial: 1,
    searcher: "single",
    snapshot: {
      tree: TREE,
      files: 42,
      bytes: 1_234_567,
      takenAt: NOW - 13 * MINUTE,
      root: "/home/ada/digits",
      head: { commit: "9f84406aa0c0ffee00aa11bb22cc33dd44ee55ff", branch: "main", modified: true },
      linked: [],
      leftOut: [],
    },
    configuration: "train.yaml",
    metric: { group: "validation", name: "val_loss", smallerIsBetter: true, origin: "guess" },
    best: { trialId: "12.1", value: 0.0613, step: 880 },
    trialCounts: { running: 1 },
    trialsPlanned: 1,
    warnings: [],
    priority: 42,
    weight: 1,
    maxSlots: null,
    notes: "",
    labels: [],
    question: null,
    ...changes,
  };
}

export function checkpoint(index: number, changes: Partial<Checkpoint> = {}): Checkpoint {
  return {
    uuid: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    experimentId: 12,
    trialId: "12.1",
    runId: "12.1.1",
    step: index * 100,
    createdAt: NOW - (10 - index) * MINUTE,
    bytes: 4_212_345 + index,
    files: 3,
    metrics: { "validation/val_loss": 0.3 / index, "training/loss": 0.25 / index },
    metadata: {},
    pinned: index === 4,
    ...changes,
  };
}

export function series(changes: Partial<SeriesState> = {}): SeriesState {
  return {
    trialId: "12.1",
    group: "training",
    name: "loss",
    rank: 0,
    count: 0,
    revision: 0,
    lastStep: 0,
    lastValue: 0,
    lastAt: NOW,
    ...changes,
  };
}

export function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return PageSnapshot.parse({
    seq: 1,
    connection: { state: "connected", pool: "This machine", detail: null },
    experiment: experiment(),
    trials: [trial()],
    runs: [run()],
    checkpoints: [],
    series: [],
    configuration: { path: "train.yaml", text: "name: digits-mlp\nhyperparameters:\n  lr: 0.003\n" },
    snapshot: {
      linked: [{ path: "data", target: "/home/ada/digits/data", reason: "ignored, named data" }],
      leftOut: [
        { path: "outputs", reason: "ignored by .gitignore:3 (outputs/)", bytes: 123_456_789, linkable: true },
        { path: ".venv", reason: "a Python environment", bytes: null, linkable: false },
        { path: "private.key", reason: "cannot be read: permission denied", bytes: null },
      ],
    },
    ...changes,
  });
}
