/** Entities as a pool sends them, with what a test cares about in place of the defaults. */
import type { Checkpoint, Experiment, Slot, Trial } from "../../src/cluster/protocol/entities.ts";
import { PoolMirror } from "../../src/cluster/client/mirror.ts";
import { WorkspaceFolders } from "../../src/extension/workspaceFolders.ts";

export const NOW_MS = 1_800_000_000_000;
const TREE = "a".repeat(40);

export function experiment(change: Partial<Experiment> = {}): Experiment {
  return {
    id: 1,
    name: "digits",
    state: "running",
    createdAt: NOW_MS - 60_000,
    endedAt: null,
    workspace: "/home/ada/project",
    script: "train.py",
    commandLine: ["python", "train.py"],
    slotsPerTrial: 1,
    searcher: "single",
    snapshot: {
      tree: TREE,
      files: 3,
      bytes: 1000,
      takenAt: NOW_MS - 60_000,
      root: "/home/ada/project",
      head: null,
      linked: [],
      leftOut: [],
    },
    configuration: null,
    metric: null,
    best: null,
    trialCounts: {},
    trialsPlanned: 1,
    warnings: [],
    priority: 42,
    weight: 1,
    maxSlots: null,
    notes: "",
    labels: [],
    question: null,
    ...change,
  };
}

export const LOSS = {
  group: "validation",
  name: "loss",
  smallerIsBetter: true,
  origin: "only_validation",
} as const;

export function trial(change: Partial<Trial> = {}): Trial {
  const number = change.number ?? 1;
  const experimentId = change.experimentId ?? 1;
  return {
    id: `${experimentId}.${number}`,
    experimentId,
    number,
    state: "running",
    waitReason: null,
    hyperparameters: {},
    parameters: {},
    seed: 1,
    createdAt: NOW_MS - 60_000,
    startedAt: NOW_MS - 50_000,
    endedAt: null,
    attempts: 1,
    restarts: 0,
    currentRun: null,
    slots: [],
    latestStep: null,
    progress: null,
    best: null,
    latestCheckpoint: null,
    pausable: { possible: false, reason: "it has not checkpointed yet" },
    nan: null,
    failure: null,
    warnings: [],
    name: null,
    notes: "",
    labels: [],
    starred: false,
    ...change,
  };
}

export function checkpoint(change: Partial<Checkpoint> = {}): Checkpoint {
  const step = change.step ?? 10;
  return {
    uuid: `00000000-0000-4000-8000-${String(step).padStart(12, "0")}`,
    experimentId: 1,
    trialId: "1.1",
    runId: "1.1.1",
    step,
    createdAt: NOW_MS - 120_000,
    bytes: 1_234_000,
    files: 2,
    metrics: {},
    metadata: {},
    pinned: false,
    ...change,
  };
}

/** An experiment's counts are those of its trials. */
export function mirror(contents: {
  experiments?: Experiment[];
  trials?: Trial[];
  checkpoints?: Checkpoint[];
  slots?: Slot[];
}): PoolMirror {
  const made = new PoolMirror();
  const trials = contents.trials ?? [];
  const experiments = (contents.experiments ?? []).map((one) => ({
    ...one,
    trialCounts: countsOf(trials.filter(({ experimentId }) => experimentId === one.id)),
  }));
  made.restart({
    seq: 1,
    snapshot: { trials, runs: [], checkpoints: [], slots: [], ...contents, experiments },
  });
  return made;
}

export function countsOf(trials: readonly Pick<Trial, "state">[]): Experiment["trialCounts"] {
  const counts: Experiment["trialCounts"] = {};
  for (const { state } of trials) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** A window with these folders open. */
export function opened(...folders: string[]): WorkspaceFolders {
  type Folder = NonNullable<ConstructorParameters<typeof WorkspaceFolders>[0]>[number];
  return new WorkspaceFolders(folders.map((fsPath) => ({ uri: { fsPath } }) as Folder));
}
