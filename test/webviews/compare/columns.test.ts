import { expect, test } from "vitest";
import type { CompareColumn } from "../../../src/webviews/contract/compare.ts";
import { columnOfCurve, coloursOf, compareCharts } from "../../../src/webviews/compare/columns.ts";
import { series } from "../support/fixtures.ts";

function column(number: number, label = `12.${number}`): CompareColumn {
  const trial = { id: `12.${number}`, number, state: "running" as const, startedAt: null, tree: "a" };
  const subject = { poolId: "local", experimentId: 12, trialId: trial.id };
  return { subject, label, name: "", trial, problem: null };
}

test("a trial keeps its own colour unless another has it", () => {
  expect(coloursOf([column(3), column(1)])).toEqual([2, 0]);
  expect(coloursOf([column(1), column(9), column(2)])).toEqual([0, 1, 2]);
});

test("trials of the same number, of two pools, have curves of their own in one chart", () => {
  const columns = [column(1), column(1, "12.1 gpu")];
  const [chart, ...others] = compareCharts({
    columns,
    rows: [],
    series: [
      { column: 0, series: series() },
      { column: 1, series: series() },
    ],
  });
  expect(others).toEqual([]);
  expect(chart?.curves.map(({ label }) => label)).toEqual(["12.1", "12.1 gpu"]);
  expect(chart?.curves.map((curve) => columnOfCurve(curve.series))).toEqual([0, 1]);
  expect(new Set(chart?.curves.map(({ key }) => key)).size).toBe(2);
});
