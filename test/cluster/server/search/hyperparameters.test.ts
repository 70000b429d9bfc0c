import { expect, test } from "vitest";
import { readHyperparameters } from "../../../../src/cluster/server/search/hyperparameters.ts";

test("scalars, lists, const and nested maps are values", () => {
  const read = readHyperparameters({
    lr: 0.1,
    name: "adam",
    layers: [1, 2],
    batch: { type: "const", val: 32 },
    model: { depth: 3, head: { type: "const", val: { a: 1 } } },
    nothing: null,
  });
  expect(read).toEqual({
    values: {
      lr: 0.1,
      name: "adam",
      layers: [1, 2],
      batch: 32,
      model: { depth: 3, head: { a: 1 } },
      nothing: null,
    },
    ranges: [],
    broken: [],
  });
});

test("ranges are told by name and type, wherever they are", () => {
  const { ranges, values } = readHyperparameters({
    lr: { type: "log", base: 10, minval: -4, maxval: -1 },
    model: { width: { type: "int", minval: 1, maxval: 9 }, kind: { type: "categorical", vals: ["a"] } },
  });
  expect(ranges).toEqual(["lr (log)", "model.width (int)", "model.kind (categorical)"]);
  expect(values).toEqual({ model: {} });
});

test("a parameter that is called type is one like others", () => {
  expect(readHyperparameters({ optimizer: { type: "adam", lr: 1 } }).values).toEqual({
    optimizer: { type: "adam", lr: 1 },
  });
});

test("a const without val is broken", () => {
  expect(readHyperparameters({ a: { type: "const" } }).broken).toEqual(["a"]);
});
