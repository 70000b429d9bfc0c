import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/cluster/protocol/base.ts";
import { ExperimentConfiguration } from "../../../src/cluster/protocol/configuration.ts";
import { firstTrials, previewSearch } from "../../../src/cluster/search/preview.ts";
import { searchOf } from "./searchOf.ts";

/** Brackets: rungs, trials, concurrent ones. Lengths: trials, units. Divisor 4, at most 5 rungs, 16 trials at a time. */
const CASCADES = [
  {
    maxTrials: 10,
    maxTime: 100,
    mode: "aggressive",
    brackets: [[2, 10, 16]],
    lengths: [
      [8, 25],
      [2, 100],
    ],
    total: 400,
    times: 2.5,
  },
  {
    maxTrials: 10,
    maxTime: 100,
    mode: "standard",
    brackets: [
      [2, 7, 8],
      [1, 3, 8],
    ],
    lengths: [
      [6, 25],
      [4, 100],
    ],
    total: 550,
    times: 1.8,
  },
  {
    maxTrials: 10,
    maxTime: 100,
    mode: "conservative",
    brackets: [
      [2, 7, 8],
      [1, 3, 8],
    ],
    lengths: [
      [6, 25],
      [4, 100],
    ],
    total: 550,
    times: 1.8,
  },
  {
    maxTrials: 16,
    maxTime: 937,
    mode: "aggressive",
    brackets: [[3, 16, 16]],
    lengths: [
      [12, 58],
      [3, 234],
      [1, 937],
    ],
    total: 2335,
    times: 6.4,
  },
  {
    maxTrials: 16,
    maxTime: 937,
    mode: "standard",
    brackets: [
      [3, 12, 8],
      [2, 4, 8],
    ],
    lengths: [
      [9, 58],
      [5, 234],
      [2, 937],
    ],
    total: 3566,
    times: 4.2,
  },
  {
    maxTrials: 16,
    maxTime: 937,
    mode: "conservative",
    brackets: [
      [3, 12, 6],
      [2, 3, 5],
      [1, 1, 5],
    ],
    lengths: [
      [9, 58],
      [4, 234],
      [3, 937],
    ],
    total: 4269,
    times: 3.5,
  },
  {
    maxTrials: 50,
    maxTime: 20,
    mode: "aggressive",
    brackets: [[3, 50, 16]],
    lengths: [
      [38, 1],
      [9, 5],
      [3, 20],
    ],
    total: 143,
    times: 7.0,
  },
  {
    maxTrials: 50,
    maxTime: 20,
    mode: "standard",
    brackets: [
      [3, 37, 8],
      [2, 13, 8],
    ],
    lengths: [
      [28, 1],
      [17, 5],
      [5, 20],
    ],
    total: 213,
    times: 4.7,
  },
  {
    maxTrials: 50,
    maxTime: 20,
    mode: "conservative",
    brackets: [
      [3, 32, 6],
      [2, 12, 5],
      [1, 6, 5],
    ],
    lengths: [
      [24, 1],
      [15, 5],
      [11, 20],
    ],
    total: 319,
    times: 3.1,
  },
  {
    maxTrials: 64,
    maxTime: 100,
    mode: "aggressive",
    brackets: [[4, 64, 16]],
    lengths: [
      [48, 1],
      [12, 6],
      [3, 25],
      [1, 100],
    ],
    total: 295,
    times: 21.7,
  },
  {
    maxTrials: 64,
    maxTime: 100,
    mode: "standard",
    brackets: [
      [4, 45, 6],
      [3, 14, 5],
      [2, 5, 5],
    ],
    lengths: [
      [34, 1],
      [20, 6],
      [7, 25],
      [3, 100],
    ],
    total: 629,
    times: 10.2,
  },
  {
    maxTrials: 64,
    maxTime: 100,
    mode: "conservative",
    brackets: [
      [4, 43, 4],
      [3, 14, 4],
      [2, 5, 4],
      [1, 2, 4],
    ],
    lengths: [
      [33, 1],
      [19, 6],
      [7, 25],
      [5, 100],
    ],
    total: 822,
    times: 7.8,
  },
  {
    maxTrials: 500,
    maxTime: 1024,
    mode: "aggressive",
    brackets: [[5, 500, 16]],
    lengths: [
      [375, 4],
      [94, 16],
      [24, 64],
      [6, 256],
      [1, 1024],
    ],
    total: 7100,
    times: 72.1,
  },
  {
    maxTrials: 500,
    maxTime: 1024,
    mode: "standard",
    brackets: [
      [5, 354, 6],
      [4, 110, 5],
      [3, 36, 5],
    ],
    lengths: [
      [266, 4],
      [149, 16],
      [65, 64],
      [16, 256],
      [4, 1024],
    ],
    total: 15800,
    times: 32.4,
  },
  {
    maxTrials: 500,
    maxTime: 1024,
    mode: "conservative",
    brackets: [
      [5, 341, 4],
      [4, 105, 3],
      [3, 35, 3],
      [2, 13, 3],
      [1, 6, 3],
    ],
    lengths: [
      [256, 4],
      [143, 16],
      [63, 64],
      [25, 256],
      [13, 1024],
    ],
    total: 27056,
    times: 18.9,
  },
  {
    maxTrials: 1000,
    maxTime: 10000,
    mode: "aggressive",
    brackets: [[5, 1000, 16]],
    lengths: [
      [750, 39],
      [188, 156],
      [47, 625],
      [12, 2500],
      [3, 10000],
    ],
    total: 147953,
    times: 67.6,
  },
  {
    maxTrials: 1000,
    maxTime: 10000,
    mode: "standard",
    brackets: [
      [5, 707, 6],
      [4, 220, 5],
      [3, 73, 5],
    ],
    lengths: [
      [531, 39],
      [297, 156],
      [130, 625],
      [33, 2500],
      [9, 10000],
    ],
    total: 320791,
    times: 31.2,
  },
  {
    maxTrials: 1000,
    maxTime: 10000,
    mode: "conservative",
    brackets: [
      [5, 680, 4],
      [4, 211, 3],
      [3, 70, 3],
      [2, 26, 3],
      [1, 13, 3],
    ],
    lengths: [
      [510, 39],
      [287, 156],
      [124, 625],
      [51, 2500],
      [28, 10000],
    ],
    total: 549662,
    times: 18.2,
  },
];

describe("previewSearch", () => {
  it.each(CASCADES)("shows $maxTrials trials of $maxTime, $mode", (row) => {
    const preview = previewSearch(
      searchOf({
        name: "adaptive_asha",
        metric: "loss",
        max_trials: row.maxTrials,
        max_time: row.maxTime,
        mode: row.mode,
      }),
    );
    expect(preview.brackets.map(({ rungs, trials, concurrency }) => [rungs, trials, concurrency])).toEqual(
      row.brackets,
    );
    expect(preview.lengths.map(({ trials, units }) => [trials, units])).toEqual(row.lengths);
    expect(preview.totalUnits).toBe(row.total);
    expect(((row.maxTrials * row.maxTime) / row.total).toFixed(1)).toBe(row.times.toFixed(1));
  });

  it("takes another divisor, and as many rungs as the length has room for", () => {
    const search = { name: "adaptive_asha", metric: "loss", max_trials: 10, max_time: 900 };
    const { lengths } = previewSearch(
      searchOf({ ...search, divisor: 3, max_rungs: 10, max_concurrent_trials: 5 }),
    );
    expect(lengths.map(({ trials, units }) => [trials, units])).toEqual([
      [5, 100],
      [3, 300],
      [2, 900],
    ]);
  });

  it("shows searches without rungs", () => {
    const random = previewSearch(searchOf({ name: "random", max_trials: 20, max_length: { epochs: 3 } }));
    expect(random).toEqual({
      brackets: [{ rungs: 1, trials: 20, concurrency: 16 }],
      lengths: [{ units: 3, trials: 20 }],
      totalUnits: 60,
      fullUnits: 60,
      trials: 20,
    });
    const width = { type: "int", minval: 1, maxval: 3, count: 5 };
    const grid = previewSearch(searchOf({ name: "grid", max_concurrent_trials: 0 }, { width }));
    expect(grid).toMatchObject({ brackets: [{ rungs: 1, trials: 3, concurrency: 3 }], totalUnits: null });
  });
});

describe("firstTrials", () => {
  const golden = JSON.parse(
    readFileSync(new URL("../../golden/search/draws.json", import.meta.url), "utf8"),
  ) as {
    experiment_seed: number;
    hyperparameters: JsonObject;
    trials: { request_id: string; trial_seed: number; hyperparameters: JsonObject }[];
  };

  it("draws what NumPy draws for the same seed, nested to any depth", () => {
    const { hyperparameters } = ExperimentConfiguration.parse({ hyperparameters: golden.hyperparameters });
    const search = searchOf({ name: "random", max_trials: 100 }, hyperparameters, golden.experiment_seed);
    const trials = firstTrials(search, golden.trials.length);
    expect(trials.map(({ requestId, seed }) => [requestId, seed])).toEqual(
      golden.trials.map(({ request_id, trial_seed }) => [request_id, trial_seed]),
    );
    for (const [index, { hyperparameters: drawn }] of trials.entries()) {
      const [ours, theirs] = [numbersOf(drawn), numbersOf(golden.trials[index]?.hyperparameters ?? {})];
      expect([...ours.keys()]).toEqual([...theirs.keys()].sort());
      for (const [name, value] of ours) {
        const expected = theirs.get(name);
        if (typeof value === "number" && typeof expected === "number")
          expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(expected)));
        else expect(value).toEqual(expected);
      }
    }
  });

  it("gives no more trials than there are", () => {
    expect(firstTrials(searchOf({ name: "random", max_trials: 3 }, {}), 10)).toHaveLength(3);
  });
});

/** Leaves by their dotted names, sorted. */
function numbersOf(value: JsonObject, prefix = ""): Map<string, unknown> {
  const leaves = Object.keys(value)
    .sort()
    .flatMap((key): [string, unknown][] => {
      const inner = value[key] ?? null;
      const name = `${prefix}${key}`;
      return typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? [...numbersOf(inner, `${name}.`)]
        : [[name, inner]];
    });
  return new Map(leaves);
}
