import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  ConfigurationError,
  dataPathsOf,
  dataPlacesOf,
  findConfiguration,
  loadConfiguration,
  parseConfiguration,
  type Located,
} from "../../../src/cluster/client/configuration.ts";
import { put, temporaryFolder } from "./support.ts";

function problemsOf(text: string): [number, number, string][] {
  try {
    parseConfiguration("train.yaml", text);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(placed);
  }
  throw new Error("there are no problems");
}
const placed = ({ line, column, message }: Located): [number, number, string] => [line, column, message];

describe("a good configuration", () => {
  it("has its values, the defaults and what is to be said about it", () => {
    const loaded = parseConfiguration(
      "train.yaml",
      `name: digits
hyperparameters:
  lr: 1e-3
  optimizer:
    name: adam
    decay: {type: const, val: 0.1}
searcher: {name: single, metric: val_loss}
resources:
  slots_per_trial: 0
  shm_size: 1G
environment:
  image: foo/bar:latest
  environment_variables:
    - MODE=fast
    - WANDB_API_KEY=\${secret:wandb}
checkpoint_storage: {type: shared_fs}
data: {train: data/train, list: [data/a, 3]}
`,
    );
    expect(loaded.value).toMatchObject({
      name: "digits",
      hyperparameters: { lr: 0.001, optimizer: { name: "adam" } },
      resources: { slots_per_trial: 0 },
      max_restarts: 5,
    });
    expect(loaded.maxRestartsSet).toBe(false);
    expect(loaded.secretNames).toEqual(["wandb"]);
    expect(dataPathsOf(loaded.value)).toEqual(["data/train", "data/a"]);
    expect(loaded.notYet).toEqual([]);
    expect(loaded.notes.map(placed)).toEqual([
      [10, 3, "`resources.shm_size` has no effect here. A run has all of the host's /dev/shm."],
      [
        12,
        3,
        "`environment.image` has no effect here. Runs use the host's Python: name one with `environment.python`, `conda` or `venv`.",
      ],
      [16, 22, "`checkpoint_storage.type` has no effect here. Checkpoints are in the pool's own folder."],
    ]);
  });

  it("says where data is on which pool; everything else under `data:` is free", () => {
    const { value } = parseConfiguration(
      "/w/train.yaml",
      `data:
  imagenet: {path: ./data/imagenet/, pools: {gpu1: /scratch/imagenet, local: ~/imagenet}}
  sets:
    - {path: data/a, pools: {gpu1: /a}}
    - {path: data/b, pools: {}, note: mine}
  path: data/c
  pools: 4
  more: x
`,
    );
    expect(dataPlacesOf(value, "gpu1")).toEqual([
      { key: "data.imagenet", path: "data/imagenet", target: "/scratch/imagenet" },
      { key: "data.sets.0", path: "data/a", target: "/a" },
    ]);
    expect(dataPlacesOf(value, "local")).toMatchObject([{ target: "~/imagenet" }]);
    expect(dataPlacesOf(value, "toString")).toEqual([]);
    expect(dataPathsOf(value)).toEqual(["./data/imagenet/", "data/a", "data/b", "mine", "data/c", "x"]);
  });

  it("says which keys nothing here makes use of, and takes variables by kind of device", () => {
    const loaded = parseConfiguration(
      "/w/train.yaml",
      `workspace: first
project: a
searcher: {name: single, max_length: {epochs: 3}, max_time: 3}
scheduling_unit: 100
environment:
  environment_variables:
    cpu: [A=1]
    cuda: ["KEY=\${secret:k}"]
`,
    );
    expect(loaded.notes.map(placed)).toEqual([
      [1, 1, "`workspace` has no effect here."],
      [2, 1, "`project` has no effect here."],
      [3, 51, "`searcher.max_time` has no effect here."],
      [4, 1, "`scheduling_unit` has no effect here."],
    ]);
    expect(loaded.secretNames).toEqual(["k"]);
  });

  it("keys of a PyTorchTrial's training have an effect where one is trained", () => {
    for (const entrypoint of [
      "model_def:MyTrial",
      "python3 -m determined.launch.torch_distributed --trial m:T",
    ])
      expect(
        parseConfiguration("t.yaml", `entrypoint: ${entrypoint}\nmin_validation_period: {batches: 9}\n`)
          .notes,
      ).toEqual([]);
  });

  it("remembers that max_restarts was set", () => {
    const loaded = parseConfiguration("train.yaml", "max_restarts: 5\n");
    expect(loaded.maxRestartsSet).toBe(true);
  });

  it("follows anchors in reason", () => {
    const loaded = parseConfiguration("t.yaml", "hyperparameters:\n  a: &x {b: 1}\n  c: *x\n");
    expect(loaded.value.hyperparameters).toEqual({ a: { b: 1 }, c: { b: 1 } });
  });
});

describe("where data is on a pool", () => {
  it("is checked, with the place of what is wrong", () => {
    const text = `data:
  a: {path: ../outside, pools: {gpu1: /a}}
  b:
    path: data/b
    pools:
      gpu1: scratch/b
      gpu2: 3
  c: {path: data/c, pools: /c}
`;
    expect(problemsOf(text)).toEqual([
      [2, 13, "`data.a.path`: not a relative path inside its folder."],
      [6, 13, "`data.b.pools.gpu1`: a path on the pool begins with `/` or `~/`."],
      [7, 13, "`data.b.pools.gpu2`: expected string, received number."],
      [8, 28, "`data.c.pools`: expected record, received string."],
    ]);
  });
});

describe("a search", () => {
  it("is taken with all that it needs, and says which keys it does not read", () => {
    const text = `searcher:
  name: adaptive_asha
  metric: loss
  max_trials: 3
  max_time: 9
  num_rungs: 2
hyperparameters:
  lr: {type: log, minval: -4, maxval: -1, base: 10}
`;
    const loaded = parseConfiguration("t.yaml", text);
    expect(loaded.notYet).toEqual([]);
    expect(loaded.notes.map(placed)).toEqual([[6, 3, "`searcher.num_rungs` has no effect here."]]);
  });

  it("that there is not is said with its place", () => {
    const text = "searcher: {name: sync_halving, metric: loss}\n";
    expect(parseConfiguration("t.yaml", text).notYet.map(placed)).toEqual([
      [1, 18, "The searcher `sync_halving` does not run here; `adaptive_asha` is what came after it."],
    ]);
  });
});

describe("mistakes", () => {
  it.each<[string, string, [number, number, string][]]>([
    [
      "a trial's id without quotes",
      "searcher: {source_trial_id: 12.10}\n",
      [[1, 29, '`searcher.source_trial_id`: name a trial as the tree does, in quotes: "12.3".']],
    ],
    ["an unknown key", "naem: x\n", [[1, 1, "Unknown key `naem`. Did you mean `name`?"]]],
    [
      "an unknown key inside",
      "searcher:\n  name: single\n  max_trial: 3\n",
      [[3, 3, "Unknown key `searcher.max_trial`. Did you mean `max_trials`?"]],
    ],
    ["an unknown key like no other", "zzzzzzzzzz: 1\n", [[1, 1, "Unknown key `zzzzzzzzzz`."]]],
    [
      "several at once, in order",
      "max_restarts: many\nresources:\n  slots_per_trial: -1\nfoo_bar_baz: 1\n",
      [
        [1, 15, "`max_restarts`: expected number, received string."],
        [3, 20, "`resources.slots_per_trial`: expected number to be >=0."],
        [4, 1, "Unknown key `foo_bar_baz`."],
      ],
    ],
    [
      "a searcher that does not exist",
      "searcher:\n    name: rndom\n",
      [
        [
          2,
          11,
          "`searcher.name` must be one of single, random, grid, async_halving, adaptive_asha, custom, adaptive, adaptive_simple, sync_halving. Did you mean `random`?",
        ],
      ],
    ],
    [
      "a list",
      "- a\n- b\n",
      [[1, 1, "A configuration is a map of keys (such as `searcher:`); this is a list."]],
    ],
    [
      "nothing",
      "# only a comment\n",
      [[1, 1, "A configuration is a map of keys (such as `searcher:`); this is empty."]],
    ],
    [
      "a word",
      "hello\n",
      [[1, 1, "A configuration is a map of keys (such as `searcher:`); this is a single value."]],
    ],
    ["a key that is there twice", "name: a\ndescription: b\nname: c\n", [[3, 1, "This key is there twice."]]],
    [
      "two documents",
      "name: a\n---\nname: b\n",
      [[2, 1, "One configuration holds one document: remove what follows `---`."]],
    ],
    [
      "a type that does not exist",
      "hyperparameters:\n  lr: {type: dobule, minval: 0, maxval: 1}\n",
      [
        [
          2,
          14,
          '`hyperparameters.lr.type`: "dobule" is no type of a hyperparameter: const, int, double, log, categorical are. Did you mean `double`?',
        ],
      ],
    ],
    [
      "a range without its end",
      "hyperparameters:\n  lr: {type: double, minval: 0}\n",
      [[2, 3, '`hyperparameters.lr`: a hyperparameter of type "double" needs `maxval`.']],
    ],
    ["an empty value", "searcher:\n", [[1, 10, "`searcher`: expected object, received null."]]],
  ])("%s", (_, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  it("says the place of bad syntax", () => {
    expect(problemsOf("name: a\nlabels: [1, 2\nmax_restarts: 1\n")[0]?.slice(0, 2)).toEqual([3, 1]);
    expect(problemsOf("name: a\n\tdescription: b\n")[0]?.[0]).toBe(2);
  });

  it("has file, line and column in its message", () => {
    expect(() => parseConfiguration("/p/train.yaml", "naem: x\n")).toThrow(
      "/p/train.yaml:1:1: Unknown key `naem`",
    );
  });
});

describe("limits", () => {
  it("refuses aliases that multiply", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 10; level++)
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(", ")}]`);
    expect(problemsOf(`data:\n  ${lines.join("\n  ")}\n`)[0]?.[2]).toMatch(/^Too many aliases/);
  });

  it("refuses what is too large, without reading all of it", async () => {
    const file = path.join(temporaryFolder(), "train.yaml");
    writeFileSync(file, `name: ${"x".repeat(10 * 1024 * 1024)}\n`);
    await expect(loadConfiguration(file)).rejects.toThrow("larger than 1 MB");
  });

  it("refuses what is nested without end", () => {
    expect(problemsOf(`data: ${"[".repeat(100_000)}`)[0]?.[2]).toBe(
      "The configuration is nested too deeply.",
    );
  });

  it("keeps odd keys as data", () => {
    const loaded = parseConfiguration("t.yaml", "hyperparameters:\n  __proto__: 1\n  constructor: 2\n");
    expect(Object.keys(loaded.value.hyperparameters)).toContain("constructor");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("files", () => {
  it("finds the one beside the script, in this order", async () => {
    const folder = temporaryFolder();
    const script = path.join(folder, "train.py");
    expect(await findConfiguration(script)).toBeNull();
    put(folder, { "experiment.yml": "" });
    expect(await findConfiguration(script)).toBe(path.join(folder, "experiment.yml"));
    put(folder, { "train.yml": "", "experiment.yaml": "" });
    expect(await findConfiguration(script)).toBe(path.join(folder, "train.yml"));
  });

  it("says what is wrong with the file itself", async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, "folder.yaml"));
    put(folder, { "binary.yaml": Buffer.from([0x6e, 0xff, 0xfe]) });
    await expect(loadConfiguration(path.join(folder, "none.yaml"))).rejects.toThrow(
      "There is no configuration",
    );
    await expect(loadConfiguration(path.join(folder, "folder.yaml"))).rejects.toThrow("is not a file");
    await expect(loadConfiguration(path.join(folder, "binary.yaml"))).rejects.toThrow("is not UTF-8");
  });
});
