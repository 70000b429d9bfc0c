import { describe, expect, it } from "vitest";
import { type Launched, localLaunch } from "../../../src/cluster/client/localLaunch.ts";
import { ExperimentConfiguration } from "../../../src/cluster/protocol/configuration.ts";

const launched = (configuration: object, more: Partial<Launched> = {}): Launched => ({
  ...{
    script: "train.py",
    arguments: ["--epochs", "3"],
    hyperparameters: { lr: 0.1, model: { deep: true } },
  },
  configuration: ExperimentConfiguration.parse(configuration),
  ...more,
});

describe("what a trial runs, to be started here", () => {
  it("is its script with the submit's arguments, and flags where the configuration says so", () => {
    expect(localLaunch(launched({}))).toMatchObject({
      start: { script: "train.py" },
      arguments: ["--epochs", "3"],
    });
    expect(localLaunch(launched({ pass_as: "flags" })).arguments).toEqual([
      ...["--epochs", "3", "--lr=0.1", "--model.deep"],
    ]);
  });

  it.each([
    [["python", "-u", "pkg/train.py", "--a"], { script: "pkg/train.py" }, ["--a", "--epochs", "3"]],
    [
      ["/opt/bin/python3.11", "-X", "dev", "-m", "pkg.train", "b"],
      { module: "pkg.train" },
      ["b", "--epochs", "3"],
    ],
    ["python3 -W ignore train.py --fast", { script: "train.py" }, ["--fast"]],
  ])("is what python is given in the entrypoint %j", (entrypoint, start, args) => {
    expect(localLaunch(launched({ entrypoint }))).toMatchObject({ start, arguments: args });
  });

  it.each([
    "model:Trial",
    "python train.py && rm -rf x",
    "python $(cat which)",
    "./train.sh",
    "python -c print()",
    "torchrun train.py",
    ["python", "-m", "torch.distributed.run", "train.py"],
    ["python"],
  ])("cannot be told from the entrypoint %j", (entrypoint) => {
    expect(() => localLaunch(launched({ entrypoint }))).toThrow(/alone can be started here/);
  });

  it("has the configuration's variables, with the secrets that they need", () => {
    const { environment, secretNames } = localLaunch(
      launched({ environment: { environment_variables: ["A=1", "KEY=x-${secret:TOKEN}"] } }),
    );
    expect(environment).toEqual({ A: "1", KEY: "x-${secret:TOKEN}" });
    expect(secretNames).toEqual(["TOKEN"]);
  });
});
