import { expect, it } from "vitest";
import { parameterRows } from "../../../src/webviews/experiment/parameters.ts";
import { flatten } from "../../../src/cluster/protocol/flatten.ts";

it("lists what the script read with its origin, and what it did not read", () => {
  const rows = parameterRows({
    hyperparameters: { lr: 0.1, model: { width: 8 }, unused: [1, 2] },
    parameters: {
      lr: { value: 0.2, origin: "flag" },
      "model.width": { value: 8, origin: "configuration" },
      epochs: { value: null, origin: "default" },
    },
  });
  expect(rows).toEqual([
    { name: "epochs", value: "null", origin: "default" },
    { name: "lr", value: "0.2", origin: "flag" },
    { name: "model.width", value: "8", origin: "configuration" },
    { name: "unused", value: "[1,2]", origin: "configuration, not read by the script" },
  ]);
});

it("flattens nested maps and keeps empty ones as values", () => {
  expect(flatten({ a: { b: { c: 1 } }, d: {}, e: [] })).toEqual([
    ["a.b.c", 1],
    ["d", {}],
    ["e", []],
  ]);
});
