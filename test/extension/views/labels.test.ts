import { expect, test } from "vitest";
import { checkpointRow, experimentRow, groupRow, trialRow } from "../../../src/extension/views/labels.ts";
import { checkpoint, experiment, LOSS, NOW_MS, trial } from "../fixtures.ts";

test("a search's row says its state, how far it is and the best value", () => {
  const search = experiment({
    id: 12,
    searcher: "adaptive_asha",
    metric: LOSS,
    best: { trialId: "12.2", value: 0.0613, step: 900 },
    trialsPlanned: 64,
    trialCounts: { completed: 1, running: 1 },
  });
  const trials = [trial({ experimentId: 12, number: 2, state: "running" })];
  const row = experimentRow(search, trials, NOW_MS);
  expect(row.label).toBe("#12 digits");
  expect(row.description).toBe("1 of 64 trials, best 0.0613 · running");
  expect(row.contextValue).toBe("experiment.running.live.unpausable");
  expect(row.spoken).toBe("Experiment 12 digits, 1 of 64 trials, best 0.0613, running");
});

test("a search that waits for an answer says so, and what it asks", () => {
  const message = "3 trials failed in the same place.";
  const question = {
    kind: "sameFailure" as const,
    message,
    place: "ValueError at train.py:4",
    trialIds: ["12.1"],
  };
  const row = experimentRow(
    experiment({ id: 12, searcher: "random", state: "paused", question }),
    [],
    NOW_MS,
  );
  expect(row.description).toContain("paused, asks");
  expect(row.look?.icon).toBe("question");
  expect(row.tooltip).toContain(message);
});

test("a search can be paused when one of its trials can", () => {
  const trials = [trial({ number: 1, pausable: { possible: true, reason: null } }), trial({ number: 2 })];
  expect(experimentRow(experiment({ searcher: "grid" }), trials, NOW_MS).contextValue).toBe(
    "experiment.running.live.pausable",
  );
});

test("a run's row says what can be done with it", () => {
  const running = trial({ pausable: { possible: true, reason: null }, latestStep: 120 });
  const row = trialRow(experiment(), running, 3, NOW_MS, true);
  expect(row.label).toBe("#1 digits");
  expect(row.description).toBe("running · step 120");
  expect(row.contextValue).toBe("trial.single.running.live.pausable.hasCheckpoints");
});

test("a run that was brought in says where it is from, and is known as that to the menus", () => {
  const imported = { from: "W&B", source: "wandb/run-1.wandb" };
  const row = trialRow(
    experiment({ state: "completed", imported, commandLine: [] }),
    trial({ state: "completed", latestStep: 120 }),
    0,
    NOW_MS,
    true,
  );
  expect(row.description).toBe("imported from W&B · step 120");
  expect(row.contextValue).toBe("trial.single.completed.imported");
  expect(row.tooltip).toEqual(
    expect.arrayContaining(["Imported from W&B: wandb/run-1.wandb", "Ran 1 min ago"]),
  );
});

test("what a person wrote is told in words: a name, a star, labels, the first line of the notes", () => {
  const written = { name: "wide", starred: true, labels: ["keep", "fast"], notes: "# Why\nmore" };
  const row = trialRow(experiment({ searcher: "grid" }), trial({ number: 3, ...written }), 0, NOW_MS, false);
  expect(row.label).toBe("Trial 3 wide");
  expect(row.description).toBe("★ · running · [keep] [fast]");
  expect(row.tooltip).toEqual(expect.arrayContaining(["Labels: keep, fast", "Why"]));
  expect(row.spoken).toBe("Trial 3 wide, starred, running, [keep] [fast]");
  const search = experimentRow(experiment({ searcher: "grid", labels: ["digits"] }), [], NOW_MS);
  expect(search.description).toMatch(/ · \[digits\]$/);
});

test("what cannot be paused says why", () => {
  const row = trialRow(experiment(), trial(), 0, NOW_MS, true);
  expect(row.contextValue).toBe("trial.single.running.live.unpausable");
  expect(row.tooltip).toContain("Cannot be paused: it has not checkpointed yet");
});

test("a paused run can be resumed, an ended one nothing of the kind", () => {
  expect(trialRow(experiment(), trial({ state: "paused" }), 1, NOW_MS, false).contextValue).toBe(
    "trial.paused.live.resumable.hasCheckpoints",
  );
  expect(trialRow(experiment(), trial({ state: "killed" }), 0, NOW_MS, false).contextValue).toBe(
    "trial.killed",
  );
});

test("the reason comes first: why it failed, why it waits", () => {
  const failed = trial({
    state: "failed",
    failure: {
      kind: "exception",
      message: "KeyError: 'missing'\nsecond line",
      exception: { type: "KeyError", message: "'missing'" },
      frame: { file: "train.py", line: 3, function: "main" },
      interpreter: null,
      missingModule: null,
      peakMemoryBytes: null,
      memoryLimitBytes: null,
    },
  });
  const row = trialRow(experiment({ state: "failed" }), failed, 0, NOW_MS, true);
  expect(row.description).toBe("failed · KeyError: 'missing'");
  expect(row.contextValue).toBe("trial.single.failed.hasLine");
  expect(row.tooltip).toContain("train.py:3 in main");
  const waiting = trial({ state: "waiting", waitReason: "waiting for 1 slot: 0 are free" });
  expect(trialRow(experiment(), waiting, 0, NOW_MS, true).description).toBe(
    "waiting · waiting for 1 slot: 0 are free",
  );
});

test("a metric that is not a number is seen by icon and word", () => {
  const row = trialRow(experiment(), trial({ nan: { metric: "training/loss", step: 7 } }), 0, NOW_MS, true);
  expect(row.look?.icon).toBe("warning");
  expect(row.description).toBe("running · training/loss is not a number");
});

test("trials of a search are told apart by their hyperparameters", () => {
  const row = trialRow(
    experiment({ searcher: "random" }),
    trial({ number: 3, hyperparameters: { lr: 0.012345, opt: "adam", nested: { a: 1 } } }),
    0,
    NOW_MS,
    false,
  );
  expect(row.label).toBe("Trial 3  lr=0.01235 opt=adam");
});

test("groups count their trials", () => {
  const row = groupRow("stopped", experiment({ trialCounts: { stopped: 1, failed: 1 } }));
  expect([row.label, row.description, row.spoken]).toEqual(["Stopped Early", "1", "Stopped Early, 1 trial"]);
});

test("a checkpoint's row has metric, size, age and its pin", () => {
  const row = checkpointRow(
    checkpoint({ step: 900, pinned: true, metrics: { "validation/loss": 0.061 } }),
    LOSS,
    NOW_MS,
  );
  expect(row.label).toBe("Step 900");
  expect(row.description).toBe("loss 0.061 · 1.2 MB · 2 min ago · pinned");
  expect(row.contextValue).toBe("checkpoint.pinned");
});
