import { expect, test } from "vitest";
import type { JsonObject } from "../../../../src/cluster/protocol/base.ts";
import { parameterAxes, type Axis } from "../../../../src/webviews/experiment/search/axes.ts";
import {
  brushOver,
  brushText,
  isWithin,
  movedBrush,
  spanOf,
  withBrush,
} from "../../../../src/webviews/experiment/search/brushes.ts";
import { trialRows } from "../../../../src/webviews/experiment/search/trialRows.ts";
import { trial } from "../../support/fixtures.ts";

const given: JsonObject[] = [
  { lr: 0.001, opt: "adam" },
  { lr: 0.01, opt: "sgd" },
  { lr: 0.1, opt: "sgd" },
  { opt: "lion" },
];
const rows = trialRows(given.map((hyperparameters, index) => trial({ number: index + 1, hyperparameters })));
const axes = parameterAxes(rows, [
  { name: "lr", type: "log", minval: -4, maxval: -1, base: 10 },
  { name: "opt", type: "categorical", vals: ["adam", "sgd", "lion"] },
]);
const [lr, opt] = axes as [Axis, Axis];
const within = (...brushes: Parameters<typeof isWithin>[2]) =>
  rows.filter((row) => isWithin(row, axes, brushes)).map((row) => row.trial.number);

test("a brush keeps who lies between its ends, both among them, and who has no value only where that is meant", () => {
  const brush = brushOver(lr, { from: 1 / 3, to: 2 / 3 }, false);
  expect(brush.range?.from).toBeCloseTo(0.001);
  expect(within(brush)).toEqual([1, 2]);
  expect(within({ ...brush, missing: true })).toEqual([1, 2, 4]);
  expect(within(brushOver(lr, null, true))).toEqual([4]);
});

test("several brushes all hold; one of an axis that is gone, or of another kind, hides nothing", () => {
  const right = brushOver(opt, { from: 0.4, to: 0.6 }, false);
  expect(right.values).toEqual(["sgd"]);
  expect(within(right)).toEqual([2, 3]);
  expect(within(right, brushOver(lr, { from: 0, to: 0.7 }, false))).toEqual([2]);
  expect(within({ axis: opt.id, range: { from: 1, to: 2 }, values: null, missing: false })).toEqual([
    1, 2, 3, 4,
  ]);
  expect(within({ axis: "parameter:gone", range: null, values: ["x"], missing: false })).toEqual([
    1, 2, 3, 4,
  ]);
});

test("arrow keys move one end by a step, never past the other; over the whole axis there is no brush", () => {
  const lower = movedBrush(lr, null, "to", -1);
  expect(lower && spanOf(lr, lower)).toEqual({ from: 0, to: expect.closeTo(0.95, 3) as number });
  expect(movedBrush(lr, lower, "to", 1)).toBeNull();
  const first = movedBrush(opt, movedBrush(opt, null, "to", -1), "to", -1);
  expect(first?.values).toEqual(["adam"]);
  expect(movedBrush(opt, first, "to", -1)?.values).toEqual(["adam"]);
  expect(movedBrush(opt, null, "from", 1)?.values).toEqual(["sgd", "lion"]);
});

test("a brush is told, and takes the place of the one before it on its axis", () => {
  const one = brushOver(lr, { from: 0, to: 1 / 3 }, true);
  expect(brushText(one)).toBe("0.0001 to 0.001, or no value");
  const other = brushOver(opt, { from: 0, to: 0.5 }, false);
  expect(brushText(other)).toBe("adam, sgd");
  const changed = brushOver(lr, null, true);
  expect(withBrush([one, other], lr.id, changed)).toEqual([other, changed]);
  expect(withBrush([one, other], opt.id, null)).toEqual([one]);
});
