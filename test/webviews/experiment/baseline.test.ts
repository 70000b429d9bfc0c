import { expect, test } from "vitest";
import { againstBaseline, BASELINE_TRIAL, withBaseline } from "../../../src/webviews/experiment/baseline.ts";
import { metricCharts } from "../../../src/webviews/experiment/curves/charts.ts";
import { fromSnapshot } from "../../../src/webviews/experiment/store.ts";
import { series, snapshot, trial } from "../support/fixtures.ts";

const BASELINE = {
  label: "#11",
  trialId: "11.1",
  isHere: false,
  metric: "validation/val_loss",
  value: 0.0653,
  startedAt: null,
  problem: null,
  series: [series({ trialId: "11.1" }), series({ trialId: "11.1", name: "other" })],
};
const charts = metricCharts([series()], new Map([["12.1", trial()]]));
const labels = (baseline: Parameters<typeof withBaseline>[1]) =>
  withBaseline(charts, baseline).map(({ curves }) => curves.map(({ label }) => label));
const words = (baseline: object) =>
  againstBaseline(fromSnapshot(snapshot({ baseline: { ...BASELINE, ...baseline } })));

test("its curve of the same metric is added, as nobody's trial", () => {
  expect(labels(BASELINE)).toEqual([["training", "baseline #11"]]);
  expect(withBaseline(charts, BASELINE)[0]?.curves[1]?.series.trialId).toBe(BASELINE_TRIAL);
  expect(labels(null)).toEqual([["training"]]);
});

test("it is not drawn twice, nor while its pool is away", () => {
  expect(labels({ ...BASELINE, trialId: "12.1", isHere: true })).toEqual([["training"]]);
  expect(labels({ ...BASELINE, trialId: "12.1" })).toEqual([["training", "baseline #11"]]);
  expect(labels({ ...BASELINE, problem: "away" })).toEqual([["training"]]);
});

test("the best value is measured against it, by the same metric, also while its pool is away", () => {
  expect(words({})).toBe("-0.004 against baseline #11");
  expect(words({ value: 0.0513, problem: "away" })).toBe("+0.01 against baseline #11");
  expect(words({ value: 0.0613 })).toBe("±0 against baseline #11");
  for (const change of [{ metric: "validation/f1" }, { value: null }, { isHere: true, trialId: "12.1" }])
    expect(words(change)).toBeNull();
});
