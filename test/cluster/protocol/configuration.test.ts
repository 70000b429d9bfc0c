import { describe, expect, it } from "vitest";
import {
  ExperimentConfiguration,
  keysWithoutEffect,
  withoutConfiguration,
} from "../../../src/cluster/protocol/configuration.ts";

describe("the experiment configuration", () => {
  it("fills in the defaults that Determined's users know", () => {
    const read = ExperimentConfiguration.parse({ name: "digits" });
    expect(read).toMatchObject({
      hyperparameters: {},
      pass_as: "environment",
      max_restarts: 5,
      searcher: { name: "single", smaller_is_better: true },
      resources: { slots_per_trial: 1 },
    });
  });

  it("lets a script without a configuration fail for good", () => {
    expect(withoutConfiguration().max_restarts).toBe(0);
  });

  it("accepts every key of theirs", () => {
    const theirs = Object.fromEntries(
      keysWithoutEffect(undefined).map((key) => [key, { anything: [1, "x"] }]),
    );
    expect(
      ExperimentConfiguration.safeParse({
        ...theirs,
        description: null,
        labels: ["a"],
        workspace: "w",
        project: "p",
      }).success,
    ).toBe(true);
  });

  it.each([
    ["an unknown key", { sercher: {} }],
    ["an unknown key inside", { searcher: { name: "single", max_trails: 3 } }],
    ["a list", []],
    ["a negative number of restarts", { max_restarts: -1 }],
    ["a seed that is too large", { reproducibility: { experiment_seed: 2 ** 31 } }],
    ["a priority out of range", { resources: { priority: 100 } }],
  ])("refuses %s", (_what, value) => {
    expect(ExperimentConfiguration.safeParse(value).success).toBe(false);
  });
});
