import { expect, test } from "vitest";
import {
  logValueRange,
  valueRange,
  withinRange,
} from "../../../../src/webviews/experiment/search/valueScale.ts";

const values = [0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4, 0.5];

test("one trial that diverged does not squeeze the others", () => {
  expect(valueRange([...values, 1e9], true, null).max).toBeLessThan(2);
  expect(valueRange([...values, -1e9], false, null).min).toBeGreaterThan(-2);
});

test("the good side is never cut off", () => {
  expect(valueRange([...values, -50], true, null).min).toBeLessThanOrEqual(-50);
  expect(valueRange([...values, 50], false, null).max).toBeGreaterThanOrEqual(50);
});

test("few values are all in the picture; none, and what is no number, spoil nothing", () => {
  expect(valueRange([0.1, 1000], true, null)).toEqual({ min: 0, max: 1000 });
  expect(valueRange([], true, null)).toEqual({ min: 0, max: 1 });
  expect(valueRange([NaN, Infinity, 3], true, null)).toMatchObject({ min: expect.any(Number) as number });
});

test("a logarithmic axis holds all that is above zero", () => {
  expect(logValueRange([0.001, 20, -1, 0, NaN, Infinity], null)).toEqual({ min: 0.001, max: 20 });
  expect(logValueRange([-1], null)).toEqual({ min: 0.1, max: 1 });
});

test("what lies beyond the axis stands at its end, what is no number at the bad one", () => {
  const range = { min: 0, max: 1 };
  expect(withinRange(0.5, range, true)).toEqual({ at: 0.5, isBeyond: false });
  expect(withinRange(7, range, true)).toEqual({ at: 1, isBeyond: true });
  expect(withinRange(null, range, true)).toEqual({ at: 1, isBeyond: true });
  expect(withinRange(NaN, range, false)).toEqual({ at: 0, isBeyond: true });
});
