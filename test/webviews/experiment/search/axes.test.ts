import { expect, test } from "vitest";
import type { JsonObject } from "../../../../src/cluster/protocol/base.ts";
import type { Trial } from "../../../../src/cluster/protocol/entities.ts";
import {
  metricAxis,
  parameterAxes,
  placeOf,
  position,
  spreadPlaceOf,
  ticksOf,
  valueAt,
  type Axis,
} from "../../../../src/webviews/experiment/search/axes.ts";
import { trialRows, type TrialRow } from "../../../../src/webviews/experiment/search/trialRows.ts";
import { trial } from "../../support/fixtures.ts";

const rowsOf = (all: JsonObject[], changes: Partial<Trial> = {}): TrialRow[] =>
  trialRows(
    all.map((hyperparameters, index) =>
      trial({ id: `12.${index + 1}`, number: index + 1, hyperparameters, ...changes }),
    ),
  );
const LOSS = { group: "validation", name: "loss", smallerIsBetter: true, origin: "guess" as const };
const axis = (axes: Axis[], title: string): Axis => {
  const found = axes.find((one) => one.title === title);
  if (found === undefined) throw new Error(`no axis ${title}`);
  return found;
};

test("an axis for each parameter of the space, in its order and over all of its range, then others that differ", () => {
  const rows = rowsOf([
    { lr: 0.01, width: 64, act: "relu", same: 1, byHand: 3 },
    { lr: 0.03, width: 32, act: "gelu", same: 1, byHand: 4 },
  ]);
  const axes = parameterAxes(rows, [
    { name: "lr", type: "log", minval: -4, maxval: -1, base: 10 },
    { name: "width", type: "categorical", vals: [32, 64, 128] },
    { name: "act", type: "categorical", vals: ["relu", "tanh"] },
  ]);
  expect(axes.map(({ title, scale }) => [title, scale.kind])).toEqual([
    ["lr", "log"],
    ["width", "category"],
    ["act", "category"],
    ["byHand", "linear"],
  ]);
  expect(axis(axes, "lr").scale).toEqual({ kind: "log", range: { min: 0.0001, max: 0.1 } });
  expect(axis(axes, "act").scale).toEqual({ kind: "category", values: ["relu", "tanh", "gelu"] });
  expect(placeOf(axis(axes, "width"), rows[0] as TrialRow)).toBe(0.5);
});

test("without a space, what spans powers of ten is logarithmic; texts and booleans are categories", () => {
  const rows = rowsOf([
    { lr: 0.0001, layers: 2, flag: true, mixed: 1 },
    { lr: 0.1, layers: 4, flag: false, mixed: "auto" },
  ]);
  expect(parameterAxes(rows, []).map(({ title, scale }) => [title, scale.kind])).toEqual([
    ["flag", "category"],
    ["layers", "linear"],
    ["lr", "log"],
    ["mixed", "category"],
  ]);
});

test("who does not have a parameter, or zero on a logarithmic axis, has no place on it", () => {
  const rows = rowsOf([{ lr: 0.001 }, {}, { lr: null }, { lr: 0 }, { lr: "x" }]);
  const axes = parameterAxes(rows.slice(0, 4), [
    { name: "lr", type: "log", minval: -4, maxval: -1, base: 10 },
  ]);
  expect(rows.map((row) => placeOf(axis(axes, "lr"), row))).toEqual([
    expect.closeTo(1 / 3) as number,
    null,
    null,
    null,
    null,
  ]);
});

test("the metric's axis has no place for what is no number, and one at its end for what lies beyond", () => {
  const values = [0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4, 0.5, 1e9];
  const rows = trialRows(
    [...values, NaN, null].map((value, index) =>
      trial({ number: index + 1, best: value === null ? null : { value, step: 1 } }),
    ),
  );
  const linear = metricAxis(rows, LOSS, false, null);
  expect(placeOf(linear, rows[8] as TrialRow)).toBe(1);
  expect(placeOf(linear, rows[9] as TrialRow)).toBeNull();
  expect(placeOf(linear, rows[10] as TrialRow)).toBeNull();
  expect(metricAxis(rows, LOSS, true, null).scale).toMatchObject({ kind: "log" });
});

test("a place and its value lead to one another", () => {
  const log = { kind: "log" as const, range: { min: 1e-4, max: 1e-1 } };
  expect(valueAt(log, 1 / 3)).toBeCloseTo(0.001);
  expect(position(log, 0.001)).toBeCloseTo(1 / 3);
  expect(valueAt(log, 1)).toBe(0.1);
  const category = { kind: "category" as const, values: ["a", "b"] };
  expect([0, 0.49, 0.5, 1].map((at) => valueAt(category, at))).toEqual(["a", "a", "b", "b"]);
  expect(position(category, "c")).toBeNull();
});

test("labels are as many as there is room for", () => {
  const values = Array.from({ length: 500 }, (_, index) => `v${index}`);
  expect(ticksOf({ kind: "category", values }, 10).length).toBeLessThanOrEqual(10);
  expect(ticksOf({ kind: "log", range: { min: 1e-5, max: 0.1 } }, 5).map(({ text }) => text)).toEqual([
    "0.00001",
    "0.0001",
    "0.001",
    "0.01",
    "0.1",
  ]);
});

test("trials of one category lie beside one another, within it", () => {
  const rows = rowsOf([{ a: "x" }, { a: "x" }, { a: "y" }]);
  const [only] = parameterAxes(rows, []) as [Axis];
  const places = rows.map((row) => spreadPlaceOf(only, row) ?? NaN);
  expect(places[0]).not.toBe(places[1]);
  for (const place of places.slice(0, 2)) expect(Math.abs(place - 0.25)).toBeLessThan(0.25);
});
