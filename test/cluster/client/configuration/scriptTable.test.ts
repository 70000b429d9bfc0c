import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import {
  ConfigurationError,
  findConfiguration,
  loadConfiguration,
  parseConfiguration,
} from "../../../../src/cluster/client/configuration.ts";
import { put, temporaryFolder } from "../support.ts";

const script = (toml: string, eol = "\n"): string =>
  [
    "# /// script",
    '# dependencies = ["torch"]',
    "#",
    ...toml.split("\n").map((line) => (line === "" ? "#" : `# ${line}`)),
    "# ///",
    "import torch",
    "",
  ].join(eol);

function problemsOf(text: string): [number, number, string][] {
  try {
    parseConfiguration("/p/train.py", text);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ line, column, message }) => [line, column, message]);
  }
  throw new Error("there are no problems");
}

const WHOLE = `[tool.trainyard]
name = "digits" # a comment
max_restarts = 2
searcher.name = "random"
searcher.max_trials = 8
description = """
Two lines,
  one indented."""
data = { since = 2024-05-01, train = "data/train", list = [
  "data/a",
] }

[tool.trainyard.hyperparameters]
lr = { type = "log", minval = -4, maxval = -1, base = 10 }
optimizer.name = "adam"

[tool.trainyard.environment.environment_variables]
KEY = "\${secret:wandb}"

[[tool.trainyard.log_policies]]
name = "a"
pattern = "x"
[[tool.trainyard.log_policies]]
name = "b"
pattern = 'y\\d'

[tool.ruff]
line-length = 100`;

describe("a configuration in a script", () => {
  it.each(["\n", "\r\n"])("is read as from YAML, whatever ends its lines: %j", (eol) => {
    const loaded = parseConfiguration("/p/train.py", script(WHOLE, eol));
    expect(loaded).toMatchObject({
      file: "/p/train.py",
      maxRestartsSet: true,
      secretNames: ["wandb"],
      notes: [],
    });
    expect(loaded.value).toMatchObject({
      name: "digits",
      max_restarts: 2,
      searcher: { name: "random", max_trials: 8 },
      description: "Two lines,\n  one indented.",
      data: { since: "2024-05-01", train: "data/train", list: ["data/a"] },
      hyperparameters: { lr: { type: "log", minval: -4 }, optimizer: { name: "adam" } },
      log_policies: [
        { name: "a", pattern: "x" },
        { name: "b", pattern: "y\\d" },
      ],
    });
    // What is shown of it is the table, not the script.
    expect(loaded.text).toMatch(/^\[tool\.trainyard\]/);
    expect(loaded.text).not.toContain("ruff");
    expect(loaded.text).not.toContain("torch");
  });

  it("may be written as one inline table, or with its sub-tables first", () => {
    for (const toml of [
      '[tool]\ntrainyard = { name = "x", searcher = { name = "grid" } }',
      '[tool.trainyard.searcher]\nname = "grid"\n[tool.trainyard]\nname = "x"',
    ])
      expect(parseConfiguration("t.py", script(toml)).value).toMatchObject({
        name: "x",
        searcher: { name: "grid" },
      });
  });

  it.each<[string, string, [number, number, string][]]>([
    [
      "an unknown key",
      script('[tool.trainyard]\nnaem = "x"'),
      [[5, 3, "Unknown key `naem`. Did you mean `name`?"]],
    ],
    [
      "one inside of an inline table",
      script('[tool.trainyard]\nsearcher = { name = "random", max_trial = 3 }'),
      [[5, 33, "Unknown key `searcher.max_trial`. Did you mean `max_trials`?"]],
    ],
    ["a line that is not finished", script("[tool.trainyard]\nname ="), [[5, 3, "A value is missing here."]]],
    [
      "two of them",
      script("[tool.trainyard]\nname =\nlabels = []\nmax_restarts = = 1"),
      [
        [5, 3, "A value is missing here."],
        [7, 18, "A value is missing here."],
      ],
    ],
    ["a key twice", script("[tool.trainyard]\nname = 'a'\nname = 'b'"), [[6, 3, "This key is there twice."]]],
    [
      "a block without an end",
      script("[tool.trainyard]\nname = 'a'").replace("# ///\nimport", "import"),
      [[1, 1, "This block does not end: its lines begin with `# `, and the last one is `# ///`."]],
    ],
    [
      "two blocks",
      `${script("[tool.trainyard]\nname = 'a'")}\n${script("")}`,
      [[9, 1, "A script has one such block: put both together."]],
    ],
    [
      "no table at all",
      "import torch\n",
      [
        [
          1,
          1,
          "This script has no configuration: a table `[tool.trainyard]` in a block of comments from `# /// script` to `# ///`.",
        ],
      ],
    ],
  ])("has its mistakes at their places in the script: %s", (_, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  it("nested without end, or of more than 1 MB, is refused", () => {
    expect(
      problemsOf(script(`[tool.trainyard]\ndata.x = ${"[".repeat(50_000)}${"]".repeat(50_000)}`))[0]?.[2],
    ).toMatch(/nested too deeply/);
    expect(problemsOf(script(`[tool.trainyard]\nname = "${"x".repeat(1024 * 1024)}"`))[0]?.[2]).toMatch(
      /larger than 1 MB/,
    );
  });
});

describe("what a script is submitted with", () => {
  it("is its own table, before what lies beside it", async () => {
    const folder = temporaryFolder();
    put(folder, { "train.yaml": "name: beside\n", "train.py": script('[tool.trainyard]\nname = "own"') });
    const file = path.join(folder, "train.py");
    expect(await findConfiguration(file)).toBe(file);
    expect((await loadConfiguration(file)).value.name).toBe("own");
  });

  it("is its own table even where that is broken, so that it is said", async () => {
    const folder = temporaryFolder();
    put(folder, { "train.yaml": "name: beside\n", "train.py": script("[tool.trainyard\nname = 1") });
    const file = path.join(folder, "train.py");
    expect(await findConfiguration(file)).toBe(file);
    await expect(loadConfiguration(file)).rejects.toThrow(ConfigurationError);
  });

  it.each([
    ["a block for its dependencies alone", script("")],
    ["a table of another tool's", script("[tool.uv]\nname = 'trainyard'")],
    ["a broken block without it", script("[tool.uv\nx")],
    ["a dependency of that name", '# /// script\n# dependencies = ["trainyard"]\n# ///\n'],
    ["a string that looks like one", 'x = """\n  # /// script\n  # [tool.trainyard]\n  # ///\n"""\n'],
    ["bytes that are no text", "\u0000\uFFFD"],
  ])("is what lies beside it where it has none: %s", async (_, text) => {
    const folder = temporaryFolder();
    put(folder, { "train.yaml": "name: beside\n", "train.py": text });
    expect(await findConfiguration(path.join(folder, "train.py"))).toBe(path.join(folder, "train.yaml"));
  });

  it("may lie in a script of many megabytes, or in another encoding", async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, "train.py");
    const text = `${script('[tool.trainyard]\nname = "own"')}# caf`;
    writeFileSync(
      file,
      Buffer.concat([Buffer.from(text), Buffer.from([0xe9, 0x0a]), Buffer.alloc(3 * 1024 * 1024, "#\n")]),
    );
    expect(await findConfiguration(file)).toBe(file);
    expect((await loadConfiguration(file)).value.name).toBe("own");
  });
});
