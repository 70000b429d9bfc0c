import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CodeAction, TextDocumentEdit } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { parseConfiguration } from "../../../../src/cluster/client/configuration.ts";
import { readSpace } from "../../../../src/cluster/search/space.ts";
import { Rig } from "../rig.ts";

let rig: Rig;
let texts: Record<string, string>;
beforeEach(async () => {
  texts = {};
  rig = await new Rig().start();
});
afterEach(() => rig.stop());

async function open(name: string, text: string): Promise<void> {
  texts[name] = text;
  rig.write(name, text);
  await rig.open(name, text);
}
async function actionsAt(name: string, text: string): Promise<CodeAction[]> {
  const offset = (texts[name] ?? "").indexOf(text);
  if (offset < 0) throw new Error(`no ${text}`);
  const start = TextDocument.create("", "", 0, texts[name] ?? "").positionAt(offset);
  return (await rig.actions(name, { start, end: start })).filter(({ kind }) => kind === "refactor");
}
/** The one file that it changes, or creates, with its text afterwards. */
function applied({ edit }: CodeAction): { name: string; text: string; isNew: boolean } {
  const [uri, edits] = Object.entries(edit?.changes ?? {})[0] ?? [];
  const created = edit?.documentChanges?.find((one) => TextDocumentEdit.is(one));
  const where = uri ?? created?.textDocument.uri ?? "";
  const name = where.slice(rig.uri("").length + 1);
  const all = edits ?? (created?.edits as typeof edits) ?? [];
  const before = TextDocument.create("", "", 0, texts[name] ?? "");
  return { name, text: TextDocument.applyEdits(before, all), isNew: created !== undefined };
}
async function only(name: string, text: string): Promise<{ title: string } & ReturnType<typeof applied>> {
  const [action, ...more] = await actionsAt(name, text);
  if (!action || more.length > 0) throw new Error(`${more.length} actions`);
  return { title: action.title, ...applied(action) };
}

const SCRIPT = `import trainyard
lr = trainyard.param("lr", 1e-3)
depth = trainyard.param("model.depth", 2)
epochs = trainyard.param("epochs", 10)
trainyard.report(1, loss=0.5)
trainyard.validate(1, accuracy=0.5)
`;
const FLAGS = `import argparse
p = argparse.ArgumentParser()
p.add_argument("--batch-size", type=int, default=32, dest="size")
`;

describe("Search over this, on what a script reads", () => {
  it("makes an experiment file that a submit takes", async () => {
    await open("train.py", SCRIPT);
    const { title, name, text, isNew } = await only("train.py", '"lr"');
    expect({ title, name, isNew }).toEqual({
      title: "Search over lr in a new train.yaml",
      name: "train.yaml",
      isNew: true,
    });
    expect(text).toContain("  lr: {type: log, base: 10, minval: -4, maxval: -2}  # 0.0001 to 0.01\n");
    const { value } = parseConfiguration(name, text);
    expect(value.searcher).toMatchObject({
      name: "random",
      max_trials: 16,
      metric: "accuracy",
      smaller_is_better: false,
    });
    expect(readSpace(value.hyperparameters)).toHaveProperty("space");
  });

  it("nests, and passes flags", async () => {
    await open("train.py", `${SCRIPT}${FLAGS}`);
    const nested = parseConfiguration("train.yaml", (await only("train.py", "model.depth")).text).value;
    expect(nested).toMatchObject({
      hyperparameters: { model: { depth: { type: "int" } } },
      pass_as: "environment",
    });
    const flags = parseConfiguration("train.yaml", (await only("train.py", "batch-size")).text).value;
    expect(flags).toMatchObject({
      hyperparameters: { "batch-size": { type: "categorical", vals: [16, 32, 64] } },
      pass_as: "flags",
    });
  });

  it("keeps everything else of a file that is there", async () => {
    await open("train.py", SCRIPT);
    await open(
      "train.yaml",
      `# mine
searcher:
  name: single  # for now
  metric: loss # really
hyperparameters:
  # the rate
  lr: 0.01   # found by hand
  model: {width: 2} # flow
`,
    );
    const { text, title } = await only("train.py", '"lr"');
    expect(title).toBe("Search over lr in train.yaml");
    expect(text).toBe(`# mine
searcher:
  name: random  # for now
  metric: loss # really
  max_trials: 16
hyperparameters:
  # the rate
  lr: {type: log, base: 10, minval: -4, maxval: -2}   # found by hand
  model: {width: 2} # flow
`);
    expect((await only("train.py", "model.depth")).text).toContain(
      "  model: {width: 2, depth: {type: int, minval: 1, maxval: 4}} # flow",
    );
  });

  it("adds what a file lacks, with a count for a grid", async () => {
    await open("train.py", `${SCRIPT}${FLAGS}`);
    await open("train.yaml", "searcher:\n  name: grid\n");
    expect((await only("train.py", '"lr"')).text).toBe(
      "searcher:\n  name: grid\nhyperparameters:\n  lr: {type: log, base: 10, minval: -4, maxval: -2, count: 4}\n",
    );
    texts["train.yaml"] = "name: x\n";
    await rig.change("train.yaml", { text: "name: x\n" });
    const { text } = await only("train.py", "batch-size");
    expect(parseConfiguration("train.yaml", text).value).toMatchObject({
      name: "x",
      pass_as: "flags",
      hyperparameters: { "batch-size": { type: "categorical" } },
      searcher: { name: "random", max_trials: 16 },
    });
  });

  it("writes into a script's own block", async () => {
    await open(
      "train.py",
      `# /// script
# [tool.trainyard]
# name = "x"
# [tool.trainyard.searcher]
# name = "single"
# ///
${SCRIPT}`,
    );
    const { text, name } = await only("train.py", '"lr"');
    expect(name).toBe("train.py");
    expect(text).toContain(SCRIPT);
    const { value } = parseConfiguration(rig.file("train.py"), text);
    expect(value).toMatchObject({
      hyperparameters: { lr: { type: "log" } },
      searcher: { name: "random", max_trials: 16 },
    });
  });

  it("is not there for what has a range already, and says why it is not for others", async () => {
    await open(
      "train.py",
      `import hydra\n@hydra.main()\ndef main(cfg):\n    print(cfg.optimizer.lr)\n${SCRIPT}`,
    );
    await open("train.yaml", "hyperparameters: {lr: {type: log, base: 10, minval: -3, maxval: -1}}\n");
    expect(await actionsAt("train.py", '"lr"')).toEqual([]);
    expect(await actionsAt("train.py", "trainyard.report")).toEqual([]);
    expect((await actionsAt("train.py", '"epochs"'))[0]?.disabled?.reason).toContain("searcher.max_time");
    expect((await actionsAt("train.py", "optimizer.lr"))[0]?.disabled?.reason).toContain("Hydra");
  });
});

it("Search over this, on a constant of an experiment file, asks the script for its type", async () => {
  await open("train.py", 'import trainyard\nk = trainyard.param("k", 1.0)\n');
  await open("train.yaml", "hyperparameters:\n  k: 3\n  batch: 8\nsearcher: {name: random, max_trials: 2}\n");
  expect((await only("train.yaml", "k:")).text).toContain("  k: {type: double, minval: 1.5, maxval: 6}\n");
  expect((await only("train.yaml", "8")).text).toContain("  batch: {type: categorical, vals: [4, 8, 16]}\n");
  expect(await actionsAt("train.yaml", "max_trials")).toEqual([]);
});

describe("completion", () => {
  async function labels(yaml: string): Promise<{ label: string; newText: string }[]> {
    const offset = yaml.indexOf("|");
    const text = yaml.replace("|", "");
    await open("train.yaml", text);
    const position = TextDocument.create("", "", 0, text).positionAt(offset);
    const items = await rig.completions("train.yaml", position);
    return items
      .filter(({ detail }) => detail?.startsWith("train.py"))
      .map(({ label, textEdit }) => ({ label, newText: textEdit?.newText ?? "" }));
  }

  it("has the names that the script reads and that are not set, with what fits them", async () => {
    await open("train.py", SCRIPT);
    expect(
      await labels("searcher: {name: random, max_trials: 2}\nhyperparameters:\n  epochs: 1\n  |\n"),
    ).toEqual([
      { label: "lr", newText: "lr: {type: log, base: 10, minval: -4, maxval: -2}" },
      { label: "model.depth", newText: "model:\n    depth: {type: int, minval: 1, maxval: 4}" },
    ]);
  });

  it("has them inside of a group, and as constants without a search", async () => {
    await open("train.py", SCRIPT);
    expect(await labels("hyperparameters:\n  model:\n    d|\n")).toEqual([
      { label: "depth", newText: "depth: 2" },
    ]);
  });

  it("has the metrics that the script reports", async () => {
    await open("train.py", SCRIPT);
    expect(await labels("searcher:\n  metric: |\n")).toEqual([
      { label: "loss", newText: "loss" },
      { label: "accuracy", newText: "accuracy" },
    ]);
  });
});
