import { expect, it } from "vitest";
import { progressWords, remainingMs } from "../../../src/webviews/experiment/progress.ts";
import { fromSnapshot } from "../../../src/webviews/experiment/store.ts";
import { experiment, NOW, run, snapshot, trial } from "../support/fixtures.ts";

const MINUTE = 60_000;
const started = NOW - 10 * MINUTE;

it("estimates the end from the progress that the script tells", () => {
  const data = fromSnapshot(snapshot({ runs: [run({ startedAt: started })] }));
  expect(remainingMs(data, trial({ progress: 0.25 }), NOW)).toBeCloseTo(30 * MINUTE);
});

it.each([
  ["without progress", trial({ progress: null }), run({ startedAt: started })],
  ["at the very beginning", trial({ progress: 0.01 }), run({ startedAt: started })],
  ["in the first seconds", trial({ progress: 0.5 }), run({ startedAt: NOW - 2000 })],
  ["after a resume", trial({ progress: 0.5 }), run({ startedAt: started, resumedFromStep: 300 })],
  ["when paused", trial({ progress: 0.5, state: "paused" }), run({ startedAt: started })],
])("does not guess %s", (_, one, attempt) => {
  expect(remainingMs(fromSnapshot(snapshot({ runs: [attempt] })), one, NOW)).toBeNull();
});

it("says for one trial what matters, in order", () => {
  const one = trial({ startedAt: started, latestStep: 1200, progress: 0.25, restarts: 2 });
  const data = fromSnapshot(snapshot({ trials: [one], runs: [run({ startedAt: started })] }));
  expect(progressWords(data, one, NOW)).toEqual([
    "10 min",
    "step 1,200",
    "25 %",
    "best val_loss 0.0613 (step 880)",
    "ends in about 30 min",
    "restarted 2 times",
  ]);
});

it("counts the trials of a search and names the best one", () => {
  const trials = [trial(), trial({ id: "12.2", number: 2, state: "completed" })];
  const data = fromSnapshot(
    snapshot({
      trials,
      experiment: experiment({
        trialsPlanned: 64,
        trialCounts: { running: 1, completed: 30, failed: 2 },
        best: { trialId: "12.2", value: 0.5, step: 9 },
      }),
    }),
  );
  expect(progressWords(data, trials[0] ?? null, NOW)).toEqual([
    "32 of 64 trials ended",
    "best val_loss 0.5 (trial 2)",
  ]);
});

it("names the libraries whose reports are captured, the first two of many", () => {
  const library = (name: string) => ({ library: name, version: "1.0" });
  const words = (...names: string[]) => {
    const one = trial({ captured: names.map(library) });
    return progressWords(fromSnapshot(snapshot({ trials: [one] })), one, NOW).at(-1);
  };
  expect(words("wandb")).toBe("captured from wandb 1.0");
  expect(words("wandb", "csv")).toBe("captured from wandb 1.0 and csv 1.0");
  expect(words("a", "b", "c", "d")).toBe("captured from a 1.0, b 1.0 and 2 more");
  expect(words()).not.toContain("captured");
});
