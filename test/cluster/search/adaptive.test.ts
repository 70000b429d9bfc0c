import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findSearcher } from "../../../src/cluster/search/searchers.ts";
import { unwrap } from "../../../src/cluster/search/adaptive.ts";
import { searchOf } from "./searchOf.ts";
import { simulate, trainedOf } from "./simulate.ts";

const asha = (settings: object) =>
  searchOf({ name: "adaptive_asha", metric: "loss", max_time: 900, divisor: 3, ...settings });
const halving = (settings: object) =>
  searchOf({ name: "async_halving", metric: "loss", max_time: 900, divisor: 3, num_rungs: 3, ...settings });

// Cases and numbers of Determined's own tests.
describe("the stopping variant", () => {
  it("stops all that come later and are worse, at the first rung", () => {
    const search = halving({ max_trials: 10, max_concurrent_trials: 3 });
    const result = simulate(search, { every: 100, maxTime: 900, value: (number) => number });
    expect(trainedOf(result)).toEqual({ 100: 9, 900: 1 });
    expect(result.trials).toHaveLength(10);
  });

  it("keeps what is at least as good as the best third", () => {
    const decide = (values: number[]) => {
      const search = searchOf({
        name: "async_halving",
        metric: "loss",
        max_time: 9,
        divisor: 3,
        num_rungs: 3,
        max_trials: 10,
        max_concurrent_trials: 2,
      });
      const result = simulate(search, {
        every: 1,
        maxTime: 9,
        value: (number) => values[number - 1] ?? 1,
        // Both come to the first rung before one goes on.
        pick: (training) => training.toSorted((a, b) => a.trained - b.trained)[0],
      });
      return result.trials.slice(0, 2).map(({ trained }) => trained);
    };
    expect(decide([0.5, 0.6])[1]).toBe(1);
    // The better one goes on, and its coming does not send the first one back.
    expect(decide([0.5, 0.4])[1]).toBe(9);
  });

  it("lets a larger metric be better", () => {
    const search = asha({ max_trials: 5, max_rungs: 2, max_concurrent_trials: 5, smaller_is_better: false });
    const result = simulate(search, { every: 300, maxTime: 900, value: (number) => number / 10 });
    expect(result.trials.map(({ trained }) => trained)).toEqual([900, 900, 900, 900, 900]);
  });

  it("passes several rungs with one late report", () => {
    const search = halving({ max_trials: 3, max_concurrent_trials: 1 });
    const result = simulate(search, { every: 900, maxTime: 900, value: (number) => -number });
    const { brackets } = unwrap(result.state);
    expect(brackets[0]?.rungs.map(({ entries }) => entries.length)).toEqual([3, 3, 3]);
  });

  it("begins another trial when one comes to its end by itself, until all have been made", () => {
    const search = halving({ max_trials: 7, max_concurrent_trials: 2 });
    const result = simulate(search, { every: 50, maxTime: 50, value: () => 1 });
    expect(result.trials).toHaveLength(7);
  });

  it("counts a failed trial as the worst at its rung", () => {
    const search = halving({ max_trials: 4, max_concurrent_trials: 1 });
    const result = simulate(search, {
      every: 100,
      maxTime: 900,
      value: (number) => number,
      ending: (number, trained) => (number === 1 && trained === 100 ? "failed" : null),
    });
    const { brackets } = unwrap(result.state);
    expect(brackets[0]?.rungs[1]?.entries.some(({ value }) => value === Number.MAX_VALUE)).toBe(true);
    expect(result.trials).toHaveLength(4);
  });

  it("forgets a trial that refused its hyperparameters, and makes another one", () => {
    const search = halving({ max_trials: 4, max_concurrent_trials: 1 });
    const result = simulate(search, {
      every: 100,
      maxTime: 900,
      value: (number) => number,
      ending: (number, trained) => (number === 2 && trained === 0 ? "invalid" : null),
    });
    expect(result.trials).toHaveLength(5);
    const entries = unwrap(result.state).brackets[0]?.rungs.flatMap((rung) => rung.entries) ?? [];
    expect(entries.some(({ trial }) => trial === 2)).toBe(false);
  });

  it("stops a trial that reports no number, also the first one", () => {
    const search = halving({ max_trials: 3, max_concurrent_trials: 1 });
    const result = simulate(search, {
      every: 100,
      maxTime: 900,
      value: (number) => (number === 1 ? NaN : number === 2 ? -Infinity : 1),
    });
    expect(result.trials.map(({ trained }) => trained)).toEqual([100, 100, 900]);
  });
});

describe("the promotion variant", () => {
  it("gives the lengths of Determined 0.37", () => {
    const search = asha({ max_trials: 5, max_rungs: 2, max_concurrent_trials: 5, stop_once: false });
    const result = simulate(search, { every: 300, maxTime: 900, value: (number) => number / 10 });
    expect(result.trials.map(({ trained }) => trained)).toEqual([900, 300, 300, 900, 900]);
  });

  it("pauses at a rung, and resumes the one that turns out to be among the best", () => {
    const search = halving({ max_trials: 3, max_concurrent_trials: 3, num_rungs: 2, stop_once: false });
    const result = simulate(search, {
      every: 300,
      maxTime: 900,
      value: (number) => number,
      pick: (training) => training.toSorted((a, b) => a.trained - b.trained)[0],
    });
    expect(result.log.slice(3)).toEqual([
      "pauseTrial 1",
      "pauseTrial 2",
      "resumeTrial 1",
      "stopTrial 2",
      "stopTrial 3",
      "stopTrial 1",
    ]);
    expect(result.trials.map(({ trained }) => trained)).toEqual([900, 300, 300]);
  });

  it("lets a trial that failed take its place among those that go on, as the worst of the next rung", () => {
    const search = halving({ max_trials: 3, max_concurrent_trials: 3, num_rungs: 2, stop_once: false });
    const result = simulate(search, {
      every: 300,
      maxTime: 900,
      value: (number) => number,
      ending: () => "failed",
    });
    expect(result.trials.every(({ state }) => state === "ended")).toBe(true);
    expect(unwrap(result.state).brackets[0]?.rungs[1]?.entries).toHaveLength(1);
  });
});

describe("any adaptive search", () => {
  const settings = fc.record({
    max_trials: fc.integer({ min: 1, max: 60 }),
    max_time: fc.integer({ min: 1, max: 500 }),
    divisor: fc.constantFrom(2, 2.5, 3, 4),
    max_rungs: fc.integer({ min: 1, max: 6 }),
    max_concurrent_trials: fc.integer({ min: 0, max: 20 }),
    mode: fc.constantFrom("aggressive", "standard", "conservative"),
    stop_once: fc.boolean(),
  });

  it("makes exactly the trials that it planned, leaves none paused, and never has more at a time than it may", () => {
    fc.assert(
      fc.property(settings, fc.integer({ min: 0, max: 1e6 }), (config, seed) => {
        const search = searchOf({ name: "adaptive_asha", metric: "loss", ...config });
        let drawn = seed;
        const next = (): number => (drawn = (Math.imul(drawn, 1103515245) + 12345) >>> 0) / 2 ** 32;
        const planned = findSearcher("adaptive_asha")?.planned(search) ?? 0;
        const result = simulate(search, {
          every: Math.max(1, Math.floor(config.max_time / 10)),
          maxTime: config.max_time,
          value: () => next(),
          ending: () => (next() < 0.02 ? "failed" : null),
          pick: (training) => training[Math.floor(next() * training.length)],
        });
        expect(result.trials).toHaveLength(planned);
        expect(result.trials.every(({ state }) => state === "ended")).toBe(true);
        expect(planned).toBeGreaterThanOrEqual(config.max_trials);
        expect(findSearcher("adaptive_asha")?.progress(result.state, search)).toBe(1);
      }),
      { numRuns: 150 },
    );
  });
});
