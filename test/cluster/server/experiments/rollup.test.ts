import { expect, test } from "vitest";
import type { Experiment, Trial, TrialState } from "../../../../src/cluster/protocol/entities.ts";
import { rollUp } from "../../../../src/cluster/server/experiments/rollup.ts";

const trial = (state: TrialState, best: Trial["best"] = null, id = "1.1") =>
  ({ id, state, best, endedAt: null }) as Trial;
const experiment = (more: Partial<Experiment> = {}) =>
  ({ metric: null, endedAt: null, ...more }) as Experiment;
const stateOf = (...states: TrialState[]) =>
  rollUp(
    experiment(),
    states.map((state) => trial(state)),
    1,
  ).state;

test("the most lively trial says the state", () => {
  expect(stateOf("failed", "waiting", "stopping")).toBe("running");
  expect(stateOf("completed", "waiting", "paused")).toBe("waiting");
  expect(stateOf("completed", "paused")).toBe("paused");
});

test("failed means that all failed", () => {
  expect(stateOf("failed", "failed")).toBe("failed");
  expect(stateOf("failed", "completed")).toBe("completed");
  expect(stateOf("failed", "stopped", "killed")).toBe("stopped");
  expect(stateOf("failed", "killed")).toBe("killed");
});

test("the end is remembered as it first was, and is none while something lives", () => {
  expect(rollUp(experiment(), [trial("completed")], 5).endedAt).toBe(5);
  expect(rollUp(experiment({ endedAt: 3 }), [trial("completed")], 5).endedAt).toBe(3);
  expect(rollUp(experiment({ endedAt: 3 }), [trial("running")], 5).endedAt).toBeNull();
  const trials = [2, 4, 3].map((endedAt) => ({ ...trial("completed"), endedAt }));
  expect(rollUp(experiment(), trials, 5).endedAt).toBe(4);
});

test("the best trial by the metric's direction", () => {
  const trials = [
    trial("completed", { value: 0.5, step: 1 }, "1.1"),
    trial("running", { value: 0.9, step: 2 }, "1.2"),
    trial("running", null, "1.3"),
  ];
  const metric = { group: "validation", name: "acc", origin: "person" as const };
  expect(rollUp(experiment({ metric: { ...metric, smallerIsBetter: false } }), trials, 1).best).toEqual({
    ...{ trialId: "1.2", value: 0.9, step: 2 },
  });
  expect(rollUp(experiment({ metric: { ...metric, smallerIsBetter: true } }), trials, 1).best?.trialId).toBe(
    "1.1",
  );
});
