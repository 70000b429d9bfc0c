import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../../src/cluster/search/random.ts";
import { readSpace } from "../../../../src/cluster/search/space.ts";
import {
  type Described,
  forGrid,
  proposeRange,
  proposeValue,
} from "../../../../src/extension/language-server/server/links/range.ts";

const log = (minval: number, maxval: number) => ({ type: "log", base: 10, minval, maxval });
const double = (minval: number, maxval: number) => ({ type: "double", minval, maxval });
const int = (minval: number, maxval: number) => ({ type: "int", minval, maxval });
const among = (...vals: unknown[]) => ({ type: "categorical", vals });
const of = (name: string, standard: Described["default"], more: Partial<Described> = {}): Described => ({
  name,
  default: standard,
  type: null,
  choices: null,
  ...more,
});

describe("what to search over", () => {
  it.each<[string, Described["default"], unknown, Partial<Described>?]>([
    ["lr", 1e-3, log(-4, -2)],
    ["lr", 3e-4, log(-5, -3)],
    ["optimizer.learning_rate", 0.1, log(-2, 0)],
    ["learningRate", 5e-3, log(-3, -1)],
    ["base_lr", undefined, log(-4, -2)],
    ["weight_decay", 0, among(0, 1e-4, 1e-3, 1e-2)],
    ["weight_decay", 1e-4, log(-5, -3)],
    ["dropout", 0.1, double(0, 0.5)],
    ["dropout", 0.6, double(0, 0.9)],
    ["momentum", 0.9, double(0.5, 0.99)],
    ["momentum", 0.4, double(0.4, 0.99)],
    ["adam_beta1", 0.9, double(0.8, 0.99)],
    ["beta2", 0.999, double(0.9, 0.9999)],
    ["temperature", 1, log(-1, 1)],
    ["warmup_ratio", 0.03, double(0, 0.2)],
    ["warmup_steps", 100, int(50, 200)],
    ["label_smoothing", 0.1, double(0, 0.2)],
    ["batch_size", 32, among(16, 32, 64)],
    ["batch-size", undefined, among(16, 32, 64)],
    ["batch_size", 100, int(50, 200)],
    ["hidden", 128, among(64, 128, 256)],
    ["num_layers", 3, int(1, 6)],
    ["layers", 1, int(1, 2)],
    ["gamma", 0.5, double(0.25, 1)],
    ["scale", 2.5, double(1.25, 5), { type: "float" }],
    ["margin", -0.5, double(-1, -0.25)],
    ["bias", 0, double(0, 1), { type: "float" }],
    ["k", 5, int(2, 10)],
    ["k", 0, int(0, 10)],
    ["k", undefined, int(1, 10), { type: "int" }],
    ["nesterov", false, among(true, false)],
    ["amp", undefined, among(true, false), { type: "bool" }],
    ["optimizer", "adam", among("adam"), { type: "str" }],
    ["optimizer", "adam", among("adam", "sgd"), { choices: ["adam", "sgd"] }],
    ["sizes", [64, 64], among([64, 64])],
    ["anything", undefined, double(0, 1)],
  ])("of %s, by default %j", (name, standard, expected, more) => {
    expect(proposeRange(of(name, standard, more))).toEqual({ range: expected });
  });

  it("is not how long a trial trains, which the searcher has a key for", () => {
    for (const name of ["epochs", "num_epochs", "max_steps"])
      expect(proposeRange(of(name, 10))).toEqual({ refusal: expect.stringContaining("max_time") as string });
  });

  it("is a range that can be drawn from, as a grid too, around any default", () => {
    const names = fc.constantFrom(
      "lr",
      "weight_decay",
      "dropout",
      "momentum",
      "k",
      "warmup",
      "beta1",
      "layers",
      "tau",
    );
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }),
      fc.integer(),
    );
    fc.assert(
      fc.property(names, value, fc.constantFrom("int", "float", null), (name, standard, type) => {
        const proposal = proposeRange(of(name, type === "int" ? Math.round(standard) : standard, { type }));
        if (!("range" in proposal)) throw new Error("a range is expected");
        for (const range of [proposal.range, forGrid(proposal.range)]) {
          const read = readSpace({ x: range });
          if ("problems" in read) throw new Error(JSON.stringify([range, read.problems]));
          read.space.draw(new RandomStream({ seed: 1, taken: 0 }));
        }
      }),
    );
  });
});

it("proposes a single value of the parameter's type where the script has none", () => {
  expect(proposeValue(of("lr", undefined))).toBe(1e-3);
  expect(proposeValue(of("batch_size", undefined, { type: "int" }))).toBe(32);
  expect(proposeValue(of("name", undefined, { type: "str" }))).toBe("");
  expect(proposeValue(of("kind", undefined, { choices: ["a", "b"] }))).toBe("a");
  expect(proposeValue(of("lr", 0.5))).toBe(0.5);
});
