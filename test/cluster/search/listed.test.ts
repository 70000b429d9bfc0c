import { describe, expect, it } from "vitest";
import { searchOf } from "./searchOf.ts";
import { simulate, trainedOf } from "./simulate.ts";

const SCRIPT = { every: 1, maxTime: 3, value: () => 1 };

describe("listed searches", () => {
  it("train every trial to its end, so many at a time", () => {
    const search = searchOf({ name: "random", max_trials: 9, max_concurrent_trials: 4 });
    const result = simulate(search, SCRIPT);
    expect(trainedOf(result)).toEqual({ 3: 9 });
    expect(result.log).toHaveLength(9);
    const atOnce = simulate(searchOf({ name: "random", max_trials: 50, max_concurrent_trials: 0 }), {
      ...SCRIPT,
      pick: (training) => {
        expect(training.length).toBeLessThanOrEqual(50);
        return training[0];
      },
    });
    expect(atOnce.trials).toHaveLength(50);
  });

  it("make one trial of each point of a grid", () => {
    const width = { type: "int", minval: 0, maxval: 10, count: 4 };
    expect(simulate(searchOf({ name: "grid" }, { width }), SCRIPT).trials).toHaveLength(4);
    expect(simulate(searchOf({ name: "grid" }, {}), SCRIPT).trials).toHaveLength(1);
  });

  it("draw another trial for one that refused its hyperparameters, but not for ever", () => {
    const some = simulate(searchOf({ name: "random", max_trials: 5, max_concurrent_trials: 2 }), {
      ...SCRIPT,
      ending: (number) => (number <= 2 ? "invalid" : null),
    });
    expect(some.trials).toHaveLength(7);
    const all = simulate(searchOf({ name: "random", max_trials: 5, max_concurrent_trials: 2 }), {
      ...SCRIPT,
      ending: () => "invalid",
    });
    expect(all.trials).toHaveLength(10);
    const single = simulate(searchOf({ name: "single" }), { ...SCRIPT, ending: () => "invalid" });
    expect(single.trials).toHaveLength(1);
  });
});
