import { expect, it } from "vitest";
import { formatX, readingsAt, summarise } from "../../../../src/webviews/experiment/curves/readings.ts";

const curve = (key: string, values: number[], stride = 1) => ({
  key,
  label: key,
  points: values.map((y, index) => ({ x: index * stride, y })),
  isNotNumber: () => true,
});

it("lists all values at the point, highest first, no numbers last", () => {
  const readings = readingsAt([curve("a", [1, 0.25]), curve("b", [1, NaN]), curve("c", [1, 0.5])], 1);
  expect(readings.map(({ key, text }) => [key, text])).toEqual([
    ["c", "0.500"],
    ["a", "0.250"],
    ["b", "not a number"],
  ]);
});

it("says where a sparser curve was read", () => {
  const readings = readingsAt([curve("dense", [1, 2, 3, 4]), curve("sparse", [9, 8], 3)], 2);
  expect(readings.map(({ key, x }) => [key, x])).toEqual([
    ["sparse", 3],
    ["dense", 2],
  ]);
});

it("has nothing to say of a curve without points", () => {
  expect(readingsAt([curve("empty", [])], 5)).toEqual([]);
});

it("summarises a curve in words", () => {
  expect(summarise(curve("training", [2.31, 0.05, 0.061]), 900, "step")).toBe(
    "training: 900 points, from 2.31 to 0.061, lowest 0.05 at step 1, highest 2.31 at step 0",
  );
  expect(summarise(curve("training", [NaN]), 1, "step")).toBe("training: no numbers yet");
  expect(formatX(150, "time")).toBe("3 min");
});
