import { describe, expect, it } from "vitest";
import { Crashes } from "../../../../src/extension/language-server/client/crashes.ts";
import { experimentFacts } from "../../../../src/extension/language-server/client/poolFacts.ts";

const EXPERIMENT = {
  id: 7,
  name: "digits",
  state: "running",
  trialCounts: { running: 2, completed: 40 },
} as const;
const METRIC = { group: "validation", name: "accuracy", origin: "configuration" } as const;
const trials = (values: readonly (number | null)[]): Parameters<typeof experimentFacts>[1] =>
  values.map((value, index) => ({
    ...{ id: `7.${index + 1}`, number: index + 1, state: "completed" },
    best: value === null ? null : { value, step: 1 },
  }));

describe("what is told of an experiment", () => {
  it("is its twenty best trials, those without a value last, the newest of them first", () => {
    const values = Array.from({ length: 18 }, (_, index) => (index * 7) % 18);
    const found = experimentFacts(
      { ...EXPERIMENT, metric: { ...METRIC, smallerIsBetter: false } },
      trials([null, Number.NaN, ...values, null]),
    );
    expect(found.trialsMade).toBe(42);
    expect(found.trials.slice(0, 18).map(({ best }) => best)).toEqual([...values].sort((a, b) => b - a));
    expect(found.trials.slice(18).map(({ id }) => id)).toEqual(["7.21", "7.2"]);
    expect(found.trials).toHaveLength(20);
  });
  it("has the smallest first where smaller is better", () => {
    const found = experimentFacts(
      { ...EXPERIMENT, metric: { ...METRIC, smallerIsBetter: true } },
      trials([3, 1, 2]),
    );
    expect(found.trials.map(({ id }) => id)).toEqual(["7.2", "7.3", "7.1"]);
  });
});

describe("a language server that ends unasked", () => {
  it("is started again, but not for ever", () => {
    const crashes = new Crashes();
    expect([0, 1, 2, 3, 4].map((at) => crashes.happened(at * 1000))).toEqual([true, true, true, true, false]);
    expect(crashes.happened(1_000_000)).toBe(true);
    crashes.forget();
    expect(crashes.happened(1_000_001)).toBe(true);
  });
});
