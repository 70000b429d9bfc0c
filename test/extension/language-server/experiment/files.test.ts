/** Experiment files over the real protocol: what is offered, said, marked and mended. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CompletionItem, Diagnostic, TextEdit } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { Rig, withCursor } from "../rig.ts";

let rig: Rig;
beforeEach(async () => (rig = await new Rig().start()));
afterEach(() => rig.stop());

const script = (toml: string): string =>
  `# /// script\n# dependencies = ["a"]\n#\n${toml.replace(/^/gm, "# ")}\n# ///\nimport trainyard\n`;

function applied(text: string, edits: readonly TextEdit[]): string {
  return TextDocument.applyEdits(TextDocument.create("file:///x", "yaml", 1, text), [...edits]);
}
const wordsOf = (found: { contents: unknown } | null): string =>
  (found?.contents as { value: string } | undefined)?.value ?? "";

async function offered(
  marked: string,
  name = "train.yaml",
): Promise<{ text: string; items: CompletionItem[] }> {
  const { text, position } = withCursor(marked);
  await rig.open(name, text);
  const items = await rig.completions(name, position);
  return { text, items: items.sort((a, b) => (a.sortText ?? "").localeCompare(b.sortText ?? "")) };
}
/** The text with an item taken, as the editor would have it before its places are filled in. */
async function taken(marked: string, label: string, name?: string): Promise<string> {
  const { text, items } = await offered(marked, name);
  const item = items.find((one) => one.label === label);
  if (!item?.textEdit) throw new Error(`${label} is not among ${items.map((one) => one.label).join(", ")}`);
  return applied(text, [item.textEdit as TextEdit]);
}
const labels = async (marked: string, name?: string): Promise<string[]> =>
  (await offered(marked, name)).items.map(({ label }) => label);

describe("completion", () => {
  it("has what the searcher cannot do without first, and nothing that has no effect", async () => {
    const found = await labels("searcher:\n  name: adaptive_asha\n  |\n");
    expect(found.slice(0, 3).sort()).toEqual(["max_time", "max_trials", "metric"]);
    expect(found).not.toContain("num_rungs");
    expect(found).not.toContain("unit");
    const top = await labels("na|", "experiment.yaml");
    expect(top).toContain("name");
    expect(top).not.toContain("bind_mounts");
  });

  it.each<[string, string, string, string?]>([
    ["na|", "name", "name: $0"],
    ["sea|", "searcher", "searcher:\n  $0"],
    ["lab|", "labels", "labels:\n  - $0"],
    ["searcher: {na|}", "name", "searcher: {name: $0}"],
    ["na|me: x", "name", "name: x"],
    ["searcher:\n  name: |", "grid", "searcher:\n  name: grid"],
    ["searcher:\n  name: ra| # why", "random", "searcher:\n  name: random # why"],
    ["pass_as: '|'", "flags", "pass_as: 'flags'"],
    ["capture: [me|]", "metrics", "capture: [metrics]"],
    ["capture:\n  - |", "timing", "capture:\n  - timing"],
    ["resume_lost: |", "false", "resume_lost: false"],
    ["output_limit: |", "500 MB", 'output_limit: "500 MB"'],
    ["log_policies:\n  - |", "pattern", "log_policies:\n  - pattern: $0"],
    [
      "hyperparameters:\n  lr|\n",
      "lr: log",
      "hyperparameters:\n  lr: {type: log, minval: ${2:-5}, maxval: ${3:-1}, base: ${4:10}}\n",
    ],
    [
      "searcher: {name: grid}\nhyperparameters:\n  |\n",
      "int",
      "searcher: {name: grid}\nhyperparameters:\n  ${1:name}: {type: int, minval: ${2:1}, maxval: ${3:10}, count: ${4:5}}\n",
    ],
    [
      "hyperparameters:\n  lr:\n    type: |\n",
      "double",
      "hyperparameters:\n  lr:\n    type: double\n    minval: ${1:0}\n    maxval: ${2:1}\n",
    ],
    [
      "hyperparameters:\n  lr: {type: log, minval: -4, |}",
      "base",
      "hyperparameters:\n  lr: {type: log, minval: -4, base: $0}",
    ],
    [
      '{"searcher": {"name": "random", m|}}',
      "metric",
      '{"searcher": {"name": "random", "metric": "$0"}}',
      "train.json",
    ],
    ['{"searcher": {"na|"}}', "name", '{"searcher": {"name"}}', "train.json"],
    ['{"searcher": {"name": "|"}}', "grid", '{"searcher": {"name": "grid"}}', "train.json"],
    [
      '{"hyperparameters": {lr|}}',
      "lr: int",
      '{"hyperparameters": {"lr": {"type": "int", "minval": ${2:1}, "maxval": ${3:10}}}}',
      "train.json",
    ],
    [script("[tool.trainyard]\nna|"), "name", script('[tool.trainyard]\nname = "$0"'), "train.py"],
    [script("[tool.trainyard.sea|]"), "searcher", script("[tool.trainyard.searcher]"), "train.py"],
    [
      script("[tool.trainyard.searcher]\nname = |"),
      "random",
      script('[tool.trainyard.searcher]\nname = "random"'),
      "train.py",
    ],
    [
      script("[tool.trainyard.hyperparameters]\nlr|"),
      "lr: double",
      script('[tool.trainyard.hyperparameters]\nlr = { type = "double", minval = ${2:0}, maxval = ${3:1} }'),
      "train.py",
    ],
  ])("%j: %s", async (marked, label, expected, name) => {
    expect(await taken(marked, label, name)).toBe(expected);
  });

  it("does not offer searchers that do not run here", async () => {
    expect(await labels("searcher:\n  name: |")).toEqual([
      "single",
      "random",
      "grid",
      "async_halving",
      "adaptive_asha",
    ]);
  });
});

describe("a hover", () => {
  it.each<[string, string | RegExp, string?]>([
    ["max_re|starts: 3", /started again[\s\S]*Default: `5`/],
    ["searcher:\n  na|me: grid", /`grid`: One trial for every combination/],
    ["searcher:\n  name: gr|id", "One trial for every combination; each range needs a `count`."],
    [
      "hyperparameters:\n  l|r: {type: log, minval: -5, maxval: -1, base: 10}",
      "Log-uniform, 0.00001 to 0.1.",
    ],
    [
      "hyperparameters:\n  lr: {type: log, min|val: -5, maxval: -1, base: 10}",
      /exponent[\s\S]*10\^-5 = 0.00001/,
    ],
    [
      "searcher: {name: grid, metric: a}\nhyperparameters:\n  n|: {type: int, minval: 1, maxval: 9, count: 3}",
      /In a grid 3 points: 1, 5, 9\./,
    ],
    ["environment:\n  im|age: a", /Has no effect here\. Runs use the host's Python/],
    [
      script("[tool.trainyard.hyperparameters]\nl|r = { type = 'int', minval = 1, maxval = 3 }"),
      /A whole number, 1 to 3/,
      "train.py",
    ],
  ])("%j", async (marked, expected, name = "train.yaml") => {
    const { text, position } = withCursor(marked);
    await rig.open(name, text);
    const found = wordsOf(await rig.hover(name, position));
    if (typeof expected === "string") expect(found).toBe(expected);
    else expect(found).toMatch(expected);
  });
});

/** What is marked, by severity and text, and the file with the first fix of each, one after the other. */
async function mended(text: string, name = "train.yaml"): Promise<{ marked: string[]; text: string }> {
  await rig.open(name, text);
  const found = await rig.diagnostics(name);
  const marked = found.map((one) => `${one.severity} ${textIn(text, one)}`);
  let now = text;
  for (let version = 1; version < 10; version++) {
    const current: Diagnostic[] = await rig.diagnostics(name);
    const [fix] = (await Promise.all(current.map((one) => rig.actions(name, one.range, [one])))).flat();
    const edits = fix?.edit?.changes?.[rig.uri(name)];
    if (!edits) break;
    now = applied(now, edits);
    await rig.change(name, { text: now });
  }
  return { marked, text: now };
}
function textIn(text: string, { range }: Diagnostic): string {
  const document = TextDocument.create("file:///x", "yaml", 1, text);
  return document.getText(range);
}

describe("a mistake", () => {
  it.each<[string, string[], string, string?]>([
    ["naem: x\n", ["1 naem"], "name: x\n"],
    [
      "searcher:\n  name: rndom\n  max_trials: 3\n",
      ["1 rndom"],
      "searcher:\n  name: random\n  max_trials: 3\n",
    ],
    ["searcher:\n  name: random\n", ["1 searcher"], "searcher:\n  name: random\n  max_trials: 16\n"],
    ["searcher: {name: random} # few\n", ["1 searcher"], "searcher: {name: random, max_trials: 16} # few\n"],
    [
      "hyperparameters:\n  lr: {type: log, minval: 1e-5, maxval: 0.1, base: 10}\n",
      ["2 1e-5"],
      "hyperparameters:\n  lr: {type: log, minval: -5, maxval: -1, base: 10}\n",
    ],
    [
      "hyperparameters:\n  n: {type: int, minval: 9, maxval: 1}\n",
      ["1 {type: int, minval: 9, maxval: 1}"],
      "hyperparameters:\n  n: {type: int, minval: 1, maxval: 9}\n",
    ],
    [
      "searcher: {name: grid}\nhyperparameters:\n  n:\n    type: int\n    minval: 1\n    maxval: 9 # nine\n",
      ["1 n"],
      "searcher: {name: grid}\nhyperparameters:\n  n:\n    type: int\n    minval: 1\n    maxval: 9 # nine\n    count: 5\n",
    ],
    [
      "hyperparameters:\n  n: {type: itn, minval: 1, maxval: 2}\n",
      ["1 itn"],
      "hyperparameters:\n  n: {type: int, minval: 1, maxval: 2}\n",
    ],
    [
      "hyperparameters:\n  n: {type: log, minval: -2, maxval: -1}\n",
      ["1 n"],
      "hyperparameters:\n  n: {type: log, minval: -2, maxval: -1, base: 10}\n",
    ],
    [
      "hyperparameters:\n  n: {type: int, minvall: 1, maxval: 2}\n",
      ["1 n", "1 minvall"],
      "hyperparameters:\n  n: {type: int, minval: 1, maxval: 2}\n",
    ],
    [
      '{"searcher": {"name": "random"}, "hyperparameters": {"a": {"type": "itn", "minval": 1, "maxval": 2}}}',
      ['1 "searcher"', '1 "itn"'],
      '{"searcher": {"name": "random", "max_trials": 16}, "hyperparameters": {"a": {"type": "int", "minval": 1, "maxval": 2}}}',
      "train.json",
    ],
    ["name: a\ndescription: b\nname: c\n", ["1 name"], "name: a\ndescription: b\n"],
    ["name: a\nresources:\n  shm_size: 1G\n", ["3 shm_size"], "name: a\n"],
    ["resources:\n  shm_size: 1G # x\n  max_slots: 2\n", ["3 shm_size"], "resources:\n  max_slots: 2\n"],
    ["resources: {shm_size: 1G, max_slots: 2}\n", ["3 shm_size"], "resources: {max_slots: 2}\n"],
    ["resources: {max_slots: 2, shm_size: 1G}\n", ["3 shm_size"], "resources: {max_slots: 2}\n"],
    ["searcher: {source_trial_id: 12.10}\n", ["1 12.10"], 'searcher: {source_trial_id: "12.10"}\n'],
    ["searcher:\n\tname: single\n", ["1 \t"], "searcher:\n  name: single\n"],
    [
      "searcher:\r\n  name: random\r\n",
      ["1 searcher"],
      "searcher:\r\n  name: random\r\n  max_trials: 16\r\n",
    ],
    [
      script('[tool.trainyard]\nnaem = "x"\nsearcher.name = "rndom"\nsearcher.max_trials = 3'),
      ["1 naem", '1 "rndom"'],
      script('[tool.trainyard]\nname = "x"\nsearcher.name = "random"\nsearcher.max_trials = 3'),
      "train.py",
    ],
    [
      script('[tool.trainyard.searcher]\nname = "random"'),
      ["1 searcher"],
      script('[tool.trainyard.searcher]\nname = "random"\nmax_trials = 16'),
      "train.py",
    ],
    [
      script('[tool.trainyard]\nname = "x"\nsearcher.name = "random"'),
      ["1 searcher"],
      script('[tool.trainyard]\nname = "x"\nsearcher.name = "random"\nsearcher.max_trials = 16'),
      "train.py",
    ],
    [
      script(
        '[tool.trainyard.searcher]\nname = "grid"\n[tool.trainyard.hyperparameters]\nn = {type = "int", minval = 9, maxval = 1}',
      ),
      ['1 {type = "int", minval = 9, maxval = 1}', "2 n"],
      script(
        '[tool.trainyard.searcher]\nname = "grid"\n[tool.trainyard.hyperparameters]\nn = {type = "int", minval = 1, maxval = 9, count = 5}',
      ),
      "train.py",
    ],
    [
      script("[tool.trainyard]\nname = 'a'\nname = 'b'"),
      ["1 name"],
      script("[tool.trainyard]\nname = 'a'"),
      "train.py",
    ],
    [
      script('[tool.trainyard]\nresources = { shm_size = "1G", max_slots = 2 }\ndebug = true\nname = "x"'),
      ["3 shm_size", "3 debug"],
      script('[tool.trainyard]\nresources = { max_slots = 2 }\nname = "x"'),
      "train.py",
    ],
  ])("%j", async (text, marked, expected, name) => {
    expect(await mended(text, name)).toEqual({ marked, text: expected });
  });

  it("is said with all the others that can be said at once", async () => {
    await rig.open(
      "train.yaml",
      "naem: x\nsearcher: {name: random}\nresources: {shm_size: 1}\nhyperparameters: {a: {type: int, minval: 1}}\n",
    );
    const found = await rig.diagnostics("train.yaml");
    expect(found.map(({ severity }) => severity).sort()).toEqual([1, 1, 1, 3]);
  });

  it("in a broken block is at its line, and what follows still counts", async () => {
    const text = script('[tool.trainyard]\nname = \nlabels = ["a"]');
    await rig.open("train.py", text);
    const [found] = await rig.diagnostics("train.py");
    expect(found).toMatchObject({ severity: 1, range: { start: { line: 4 } } });
    const { position } = withCursor(text.replace("labels", "lab|els"));
    expect(wordsOf(await rig.hover("train.py", position))).toMatch(/Labels/);
  });

  it("in a file of another name is marked once that was refused as a configuration", async () => {
    await rig.open("mine.yaml", "naem: x\n");
    expect(await rig.diagnostics("mine.yaml")).toEqual([]);
    await rig.tell({ configurations: [rig.file("mine.yaml")] });
    expect(await rig.diagnostics("mine.yaml", (all) => all.length > 0)).toHaveLength(1);
  });

  it("in 10 MB is that it is so large", async () => {
    await rig.open(
      "train.yaml",
      `name: x\ndata:\n${"  - abcdefgh\n".repeat(800_000)}`.slice(0, 10 * 1024 * 1024 - 1),
    );
    expect((await rig.diagnostics("train.yaml"))[0]?.message).toBe("The configuration is larger than 1 MB.");
  });
});
