import { expect, test } from "vitest";
import type { JsonObject } from "../../../../src/cluster/protocol/base.ts";
import { METHODS } from "../../../../src/cluster/protocol/methods.ts";
import { RunSpec } from "../../../../src/cluster/protocol/runDirectory.ts";
import {
  buildEntrypoint,
  buildRunSpec,
  commandLineOf,
  dataPathsOf,
  missingSecrets,
  secretEnvironment,
} from "../../../../src/cluster/server/experiments/runSpec.ts";
import { submission } from "../testServer.ts";

const request = (configuration: object, more: object = {}) =>
  METHODS["experiment/submit"].params.parse(submission("a".repeat(40), { configuration, ...more }));
const PARAMETERS: JsonObject = {
  lr: 0.1,
  name: "two words",
  shift: "-x",
  model: { depth: 3, norm: true },
  fast: false,
  none: null,
  sizes: [1, 2],
};
const FLAGS = [
  "--lr=0.1",
  "--name=two words",
  "--shift=-x",
  "--model.depth=3",
  "--model.norm",
  "--sizes",
  "1",
  "2",
];

test("a script gets its arguments, and flags only when asked", () => {
  const plain = buildEntrypoint(request({}, { arguments: ["--x"] }), PARAMETERS);
  expect(plain).toEqual({
    ...{ kind: "script", interpreter: "/usr/bin/python3", script: "train.py", arguments: ["--x"] },
  });
  const flags = buildEntrypoint(request({ pass_as: "flags" }, { arguments: ["--x"] }), PARAMETERS);
  expect(flags).toMatchObject({ arguments: ["--x", ...FLAGS] });
  expect(commandLineOf(plain)).toEqual(["/usr/bin/python3", "train.py", "--x"]);
});

test("a PyTorchTrial's class is trained by a program of ours, in one process or in one for each slot", () => {
  const built = (slotsPerTrial: number) =>
    buildEntrypoint({ ...request({ entrypoint: "models.digits:Trial" }), slotsPerTrial }, PARAMETERS);
  expect(built(1)).toMatchObject({
    kind: "command",
    argv: ["/usr/bin/python3", "-m", "determined.exec.harness", "--train-entrypoint", "models.digits:Trial"],
  });
  expect(built(2)).toMatchObject({
    argv: ["/usr/bin/python3", "-m", "determined.launch.torch_distributed", "--trial", "models.digits:Trial"],
  });
});

test("a list is executed, with flags when asked; a string goes to the shell as it is", () => {
  const list = { entrypoint: ["torchrun", "train.py"], pass_as: "flags" };
  expect(buildEntrypoint(request(list), PARAMETERS)).toEqual({
    kind: "command",
    argv: ["torchrun", "train.py", ...FLAGS],
    interpreter: "/usr/bin/python3",
  });
  const shell = { entrypoint: 'python train.py --lr $LR && echo "done"' };
  expect(buildEntrypoint(request(shell), PARAMETERS)).toEqual({
    kind: "shell",
    command: shell.entrypoint,
    interpreter: "/usr/bin/python3",
  });
});

test("torchrun starts one process for each slot, by the run's own interpreter", () => {
  const two = buildEntrypoint(
    request({}, { slotsPerTrial: 2, launcher: "torchrun", arguments: ["--x"] }),
    {},
  );
  const module = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"];
  expect(commandLineOf(two)).toEqual(["/usr/bin/python3", ...module, "train.py", "--x"]);
  expect(buildEntrypoint(request({}, { launcher: "torchrun" }), {}).kind).toBe("script");
});

test("secrets are named in the spec and their values are not", () => {
  const { configuration } = request({
    environment: {
      environment_variables: ["A=1", "EMPTY", "KEY=${secret:wandb}", "URL=https://u:${secret:p}@h"],
    },
  });
  const spec = buildRunSpec(
    { ...request({}), configuration },
    {
      experimentId: 1,
      trialId: "1.1",
      attempt: 2,
      key: "0a52ed5d-0acf-4a52-a4f6-4e9f0c9f0f7b",
      hyperparameters: {},
      seed: 3,
      slots: [],
      slotCount: 4,
      leases: "/l",
      checkpoints: "/c",
      latestCheckpoint: null,
    },
  );
  expect(RunSpec.parse(spec)).toMatchObject({
    run: "1.1.2",
    environment: { A: "1", EMPTY: "" },
    secretNames: ["KEY", "URL"],
    preemptionTimeoutS: 3600,
  });
  const secrets = { wandb: "w-value", p: "p-value" };
  expect(secretEnvironment(configuration.value, [], secrets)).toEqual({
    KEY: "w-value",
    URL: "https://u:p-value@h",
  });
  expect(missingSecrets(configuration.value, { p: "x" })).toEqual(["wandb"]);
  expect(missingSecrets(configuration.value, secrets)).toEqual([]);
});

test("environment variables by kind of device: those of the slots that the run got", () => {
  const configured = request({
    environment: {
      environment_variables: { cpu: ["D=cpu"], cuda: ["D=cuda", "KEY=${secret:k}"], rocm: { D: "rocm" } },
    },
  });
  const environmentOn = (...kinds: ("cpu" | "cuda" | "rocm" | "custom")[]) =>
    buildRunSpec(configured, {
      ...{ experimentId: 1, trialId: "1.1", attempt: 1, hyperparameters: {}, seed: 0, key: "", leases: "" },
      ...{ checkpoints: "", latestCheckpoint: null, slotCount: kinds.length },
      slots: kinds.map((kind, index) => ({ id: `x:${index}`, kind, index, lease: "l" })),
    });
  expect(environmentOn("cuda", "cuda")).toMatchObject({ environment: { D: "cuda" }, secretNames: ["KEY"] });
  expect(environmentOn("rocm")).toMatchObject({ environment: { D: "rocm" }, secretNames: [] });
  expect(environmentOn()).toMatchObject({ environment: { D: "cpu" }, secretNames: [] });
  const { value } = configured.configuration;
  expect(missingSecrets(value, {})).toEqual(["k"]);
  const { slots } = environmentOn("cuda");
  expect(secretEnvironment(value, slots, { k: "v" })).toEqual({ KEY: "v" });
});

test("environment variables as a map, and the preemption timeout", () => {
  const configured = request({
    environment: { environment_variables: { N: 3, T: true } },
    preemption_timeout: 60,
  });
  const plan = {
    experimentId: 1,
    trialId: "1.1",
    attempt: 1,
    hyperparameters: {},
    seed: 0,
    slots: [],
    slotCount: 0,
  };
  const spec = buildRunSpec(configured, {
    ...plan,
    key: "",
    leases: "",
    checkpoints: "",
    latestCheckpoint: null,
  });
  expect(spec).toMatchObject({ environment: { N: "3", T: "true" }, preemptionTimeoutS: 60 });
});

test("data paths: what is linked, and what `data:` names inside or outside of the working tree", () => {
  const data = {
    train: "raw/train",
    more: ["/mnt/imagenet/", { deep: "../shared" }],
    not: ["", ".", "..", "../..", "/", "s3://bucket/x", 3, null, true],
  };
  const plain = request({ data }, { directory: "sub" });
  const linked = [{ path: "sets/a", target: "/data/a", reason: "ignored" }];
  expect(dataPathsOf({ ...plain, snapshot: { ...plain.snapshot, linked } })).toEqual([
    "sets/a",
    "sub/raw/train",
    "/mnt/imagenet/",
    "shared",
  ]);
});
