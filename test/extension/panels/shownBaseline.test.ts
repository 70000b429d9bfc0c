import { expect, test } from "vitest";
import { shownBaseline } from "../../../src/extension/panels/shownBaseline.ts";
import { mirror, trial } from "../fixtures.ts";

const BASELINE = {
  poolId: "gpu",
  experimentId: 1,
  trialId: "1.1",
  label: "#1",
  metric: { group: "validation", name: "loss" },
  value: 0.5,
};

test("is as good as its pool knows now, and as it was remembered while the pool is away", () => {
  const known = mirror({ trials: [trial({ best: { value: 0.4, step: 3 } })] });
  const pool = { name: "gpu", isConnected: true, mirror: known };
  expect(shownBaseline(BASELINE, pool, false)).toMatchObject({
    value: 0.4,
    metric: "validation/loss",
    problem: null,
  });
  expect(shownBaseline(BASELINE, { name: "gpu", isConnected: false, mirror: null }, false)).toMatchObject({
    value: 0.5,
    problem: "The baseline #1 is on gpu, which is not connected: its curve is hidden.",
  });
});

test("says when it, or its pool, is gone", () => {
  const pool = { name: "gpu", isConnected: true, mirror: mirror({}) };
  expect(shownBaseline(BASELINE, pool, false).problem).toMatch(/was deleted/);
  expect(shownBaseline(BASELINE, null, false).problem).toMatch(/was removed/);
});
