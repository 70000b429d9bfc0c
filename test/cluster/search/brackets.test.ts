import { describe, expect, it } from "vitest";
import {
  bracketConcurrency,
  bracketsOf,
  bracketTrials,
  rungUnits,
  type AdaptiveSettings,
} from "../../../src/cluster/search/brackets.ts";
import { naturalLog } from "../../../src/cluster/search/naturalLog.ts";

const SETTINGS: AdaptiveSettings = {
  maxTrials: 10,
  maxTime: 100,
  divisor: 4,
  maxRungs: 5,
  maxConcurrentTrials: 16,
  mode: "standard",
  bracketRungs: [],
};
const bracketRows = (settings: Partial<AdaptiveSettings>): number[][] =>
  bracketsOf({ ...SETTINGS, ...settings }).map(({ rungs, trials, concurrent }) => [
    rungs,
    trials,
    concurrent,
  ]);

// Values of Determined's own tests.
describe("brackets", () => {
  it("share the trials", () => {
    expect(bracketTrials(20, 3, [3, 2, 1])).toEqual([12, 5, 3]);
    expect(bracketTrials(50, 3, [4, 3])).toEqual([35, 15]);
    expect(bracketTrials(50, 4, [3, 2])).toEqual([37, 13]);
    expect(bracketTrials(100, 4, [4, 3, 2])).toEqual([70, 22, 8]);
  });

  it("share what lives at the same time", () => {
    expect(bracketConcurrency(0, 3, [9, 3, 1])).toEqual([3, 3, 3]);
    expect(bracketConcurrency(11, 3, [9, 3, 1])).toEqual([4, 4, 3]);
    expect(bracketConcurrency(0, 4, [40, 10])).toEqual([10, 10]);
  });

  it("are made by the mode", () => {
    expect(bracketRows({ maxConcurrentTrials: 2 })).toEqual([
      [2, 7, 1],
      [1, 3, 1],
    ]);
    expect(bracketRows({ mode: "conservative", maxTime: 1000, divisor: 3, maxConcurrentTrials: 5 })).toEqual([
      [3, 7, 2],
      [2, 2, 2],
      [1, 1, 1],
    ]);
    expect(bracketRows({ bracketRungs: [1, 3], maxTrials: 16 })).toEqual([
      [3, 14, 8],
      [1, 2, 8],
    ]);
  });

  it("have rungs", () => {
    expect(rungUnits(3, 9, 3)).toEqual([1, 3, 9]);
    expect(rungUnits(4, 10, 2)).toEqual([1, 2, 5, 10]);
    expect(rungUnits(1, 9, 3)).toEqual([9]);
    expect(rungUnits(3, 900, 3)).toEqual([100, 300, 900]);
  });

  it.each([
    [243, 3, 5],
    [59049, 3, 10],
    [1000, 10, 3],
    [1_000_000, 10, 6],
    [81, 3, 5],
    [1024, 4, 6],
    [125, 5, 4],
  ])("count the levels of %i by %i as a quotient of logarithms does: %i", (maxTime, divisor, rungs) => {
    const settings = { maxTime, divisor, maxTrials: 1e9, maxRungs: 100, mode: "aggressive" } as const;
    expect(bracketsOf({ ...SETTINGS, ...settings }).map((bracket) => bracket.rungs)).toEqual([rungs]);
  });
});

describe("naturalLog", () => {
  // To 17 digits, by other means than this program's.
  it.each([
    [3, 1.0986122886681098],
    [243, 5.493061443340548],
    [10, 2.302585092994046],
    [1e15, 34.538776394910684],
    [1.5, 0.4054651081081644],
    [0.001, -6.907755278982137],
    [1, 0],
  ])("of %d is %d", (value, log) => {
    expect(naturalLog(value)).toBe(log);
  });
});
