import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/cluster/protocol/base.ts";
import { readSpace, type SearchSpace } from "../../../src/cluster/search/space.ts";

function spaceOf(hyperparameters: JsonObject): SearchSpace {
  const read = readSpace(hyperparameters);
  if ("problems" in read) throw new Error(JSON.stringify(read.problems));
  return read.space;
}
const problemsOf = (hyperparameters: JsonObject): string[] => {
  const read = readSpace(hyperparameters);
  return "problems" in read ? read.problems.map(({ path, message }) => `${path.join(".")}: ${message}`) : [];
};
const pointsOf = (space: SearchSpace): JsonObject[] =>
  Array.from({ length: space.gridSize }, (_, index) => space.gridPoint(index));

it("tells what has a range, in the order of the draws", () => {
  const { axes } = spaceOf({
    z: { type: "categorical", vals: Array.from({ length: 3000 }, (_, index) => index) },
    constant: 3,
    model: { width: { type: "int", minval: 1, maxval: 9 } },
    lr: { type: "log", minval: -4, maxval: -1, base: 10 },
  });
  expect(axes.slice(0, 2)).toEqual([
    { name: "lr", type: "log", minval: -4, maxval: -1, base: 10 },
    { name: "model.width", type: "int", minval: 1, maxval: 9 },
  ]);
  expect(axes[2]).toMatchObject({ name: "z", type: "categorical" });
  expect(JSON.stringify(axes[2]).length).toBeLessThan(6000);
});

describe("a grid", () => {
  it("has the ends of each range and what lies evenly between", () => {
    const values = (range: JsonObject) => pointsOf(spaceOf({ x: range })).map(({ x }) => x);
    expect(values({ type: "int", minval: 0, maxval: 10, count: 4 })).toEqual([0, 3, 7, 10]);
    expect(values({ type: "int", minval: 0, maxval: 2, count: 9 })).toEqual([0, 1, 2]);
    expect(values({ type: "int", minval: -4, maxval: -1, count: 1 })).toEqual([-3]);
    expect(values({ type: "double", minval: 0, maxval: 1, count: 3 })).toEqual([0, 0.5, 1]);
    expect(values({ type: "double", minval: 0, maxval: 3, count: 1 })).toEqual([1.5]);
    expect(values({ type: "log", minval: -2, maxval: 0, base: 10, count: 3 })).toEqual([0.01, 0.1, 1]);
    expect(values({ type: "log", minval: 1, maxval: 3, base: 2, count: 1 })).toEqual([4]);
    expect(values({ type: "categorical", vals: ["a", null, [1]] })).toEqual(["a", null, [1]]);
  });

  it("is the product of its ranges, the last name changing fastest, also in nested maps", () => {
    const space = spaceOf({
      b: { z: { type: "categorical", vals: [1, 2] }, y: 7 },
      a: { type: "categorical", vals: ["p", "q"] },
      c: {},
    });
    expect(pointsOf(space)).toEqual([
      { a: "p", b: { y: 7, z: 1 }, c: {} },
      { a: "p", b: { y: 7, z: 2 }, c: {} },
      { a: "q", b: { y: 7, z: 1 }, c: {} },
      { a: "q", b: { y: 7, z: 2 }, c: {} },
    ]);
    const counts = [2, 2, 3, 3, 4, 5].map((count, index): [string, JsonObject] => [
      `h${index}`,
      { type: "double", minval: 0, maxval: 1, count },
    ]);
    expect(spaceOf(Object.fromEntries(counts)).gridSize).toBe(720);
  });

  it("names the ranges without a count", () => {
    const lr = { type: "log", minval: -4, maxval: -1, base: 10 };
    expect(
      spaceOf({ optimizer: { lr }, width: { type: "int", minval: 1, maxval: 9, count: 3 } }).uncounted,
    ).toEqual(["optimizer.lr"]);
  });
});

describe("readSpace", () => {
  it("tells constants from ranges", () => {
    const constants = { lr: 0.1, layers: [1, 2], optimizer: { type: "adam", beta: 0.9 }, none: null };
    expect(spaceOf(constants).constants).toEqual(constants);
    expect(spaceOf({ a: { type: "const", val: { minval: 1 } } }).constants).toEqual({ a: { minval: 1 } });
    const space = spaceOf({ a: { b: { type: "categorical", vals: [1] } }, c: 1 });
    expect(space.ranges).toEqual(["a.b"]);
    expect(space.constants).toBeNull();
  });

  it("says each mistake with its place", () => {
    expect(
      problemsOf({
        a: { type: "int", minval: 3, maxval: 1 },
        b: { type: "log", minval: 0.0001, maxval: 400, base: 10 },
        c: { type: "double", minval: 1 },
        d: { type: "categorical", vals: [] },
        e: { f: { type: "integer", minval: 1, maxval: 2 } },
        g: { type: "double", minval: 0, maxval: 1, step: 0.1 },
        h: { type: "const" },
        i: { type: "int", minval: 0.5, maxval: 2 },
      }),
    ).toEqual([
      "a: `minval` is above `maxval`",
      "b: `minval` and `maxval` are exponents (-4 is 0.0001), and these are too large",
      'c.maxval: a hyperparameter of type "double" needs `maxval`',
      expect.stringContaining("d.vals: "),
      'e.f.type: "integer" is no type of a hyperparameter: const, int, double, log, categorical are',
      "g.step: `step` is no key of a hyperparameter of type double",
      'h.val: a hyperparameter of type "const" needs `val`',
      expect.stringContaining("i.minval: "),
    ]);
  });
});
