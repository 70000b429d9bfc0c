import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Location, type Position, type WorkspaceEdit } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { Rig } from "../rig.ts";

let rig: Rig;
beforeEach(async () => (rig = await new Rig().start()));
afterEach(() => rig.stop());

let texts: Record<string, string> = {};
const documentOf = (name: string): TextDocument => TextDocument.create("", "", 0, texts[name] ?? "");

async function open(files: Record<string, string>): Promise<void> {
  texts = files;
  for (const [name, text] of Object.entries(files)) rig.write(name, text);
  for (const [name, text] of Object.entries(files)) await rig.open(name, text);
}
/** Where a text stands for the nth time. */
function at(name: string, text: string, nth = 0): Position {
  let offset = -1;
  for (let i = 0; i <= nth; i++) offset = (texts[name] ?? "").indexOf(text, offset + 1);
  if (offset < 0) throw new Error(`no ${text} in ${name}`);
  return documentOf(name).positionAt(offset);
}
/** `train.py:3 lr` */
function shown({ uri, range }: Location): string {
  const name = uri.slice(rig.uri("").length + 1);
  return `${name}:${range.start.line + 1} ${documentOf(name).getText(range)}`;
}
async function definition(name: string, position: Position): Promise<string[]> {
  const links = await rig.definition(name, position);
  return links
    .map(({ targetUri, targetSelectionRange }) => shown({ uri: targetUri, range: targetSelectionRange }))
    .sort();
}
const references = async (name: string, position: Position): Promise<string[]> =>
  (await rig.references(name, position)).map(shown).sort();
/** The texts after an edit. */
function applied(edit: WorkspaceEdit | null): Record<string, string> {
  const after = { ...texts };
  for (const [uri, edits] of Object.entries(edit?.changes ?? {})) {
    const name = uri.slice(rig.uri("").length + 1);
    after[name] = TextDocument.applyEdits(documentOf(name), edits);
  }
  return after;
}

const YAML = `entrypoint: [python, train.py]
pass_as: flags
hyperparameters:
  lr: {type: log, base: 10, minval: -4, maxval: -2}
  optimizer:
    beta: 0.9
searcher:
  name: random
  max_trials: 2
  metric: val_loss
`;
const SCRIPT = `import trainyard
from model import build
run = trainyard.init()
lr = trainyard.param("lr", 1e-3)
beta = run.params.optimizer.beta
trainyard.validate(1, {"val_loss": 0.5})
`;
const MODEL = `import trainyard
lr = trainyard.init().params["lr"]
beta = trainyard.param("optimizer.beta", 0.9)
def build(): pass
`;
const ALL = { "train.yaml": YAML, "train.py": SCRIPT, "model.py": MODEL, "other.yaml": YAML };

describe("definition and references", () => {
  it("lead from a key to what reads it, and back", async () => {
    await open(ALL);
    expect(await definition("train.yaml", at("train.yaml", "lr"))).toEqual([
      "model.py:2 lr",
      "train.py:4 lr",
    ]);
    expect(await definition("train.py", at("train.py", 'lr"'))).toEqual([
      "other.yaml:4 lr",
      "train.yaml:4 lr",
    ]);
    expect(await definition("model.py", at("model.py", "beta", 1))).toEqual([
      "other.yaml:6 beta",
      "train.yaml:6 beta",
    ]);
    expect(await definition("train.yaml", at("train.yaml", "optimizer"))).toEqual(["model.py:3 optimizer"]);
  });

  it("lead from a metric to its report, and back", async () => {
    await open(ALL);
    expect(await definition("train.yaml", at("train.yaml", "val_loss"))).toEqual(["train.py:6 val_loss"]);
    expect(await definition("train.py", at("train.py", "val_loss"))).toEqual([
      "other.yaml:10 val_loss",
      "train.yaml:10 val_loss",
    ]);
  });

  it("have all places, from wherever one asks", async () => {
    await open(ALL);
    const expected = ["model.py:2 lr", "other.yaml:4 lr", "train.py:4 lr", "train.yaml:4 lr"];
    expect(await references("train.yaml", at("train.yaml", "lr"))).toEqual(expected);
    expect(await references("train.py", at("train.py", 'lr"'))).toEqual(expected);
    expect(await references("model.py", at("model.py", 'lr"'))).toEqual(expected);
  });

  it("are none elsewhere", async () => {
    await open(ALL);
    for (const [name, text] of [
      ["train.yaml", "minval"],
      ["train.yaml", "searcher"],
      ["train.py", "build"],
    ] as const) {
      expect(await references(name, at(name, text))).toEqual([]);
      expect(await rig.prepareRename(name, at(name, text))).toBeNull();
    }
  });
});

describe("rename", () => {
  it("changes the keys and all reads together", async () => {
    await open(ALL);
    const expected = {
      "train.yaml": YAML.replace("  lr:", "  learning_rate:"),
      "other.yaml": YAML.replace("  lr:", "  learning_rate:"),
      "train.py": SCRIPT.replace('"lr"', '"learning_rate"'),
      "model.py": MODEL.replace('"lr"', '"learning_rate"'),
    };
    expect(applied(await rig.rename("train.yaml", at("train.yaml", "lr"), "learning_rate"))).toEqual(
      expected,
    );
    expect(applied(await rig.rename("model.py", at("model.py", 'lr"'), "learning_rate"))).toEqual(expected);
  });

  it("changes one name of several", async () => {
    await open(ALL);
    const after = applied(await rig.rename("train.yaml", at("train.yaml", "beta"), "b"));
    expect(after["train.py"]).toContain("run.params.optimizer.b\n");
    expect(after["model.py"]).toContain('param("optimizer.b", 0.9)');
    expect(await rig.prepareRename("model.py", at("model.py", "optimizer.beta"))).toMatchObject({
      placeholder: "optimizer",
    });
  });

  it("keeps the name that Python has for a flag", async () => {
    const script = `import argparse
p = argparse.ArgumentParser()
p.add_argument("-l", "--lr", type=float)
p.add_argument("--batch-size", dest="size")
`;
    await open({
      "train.yaml": "pass_as: flags\nhyperparameters:\n  lr: 1\n  batch-size: 2\n",
      "train.py": script,
    });
    expect(applied(await rig.rename("train.yaml", at("train.yaml", "lr"), "step"))).toEqual({
      "train.yaml": "pass_as: flags\nhyperparameters:\n  step: 1\n  batch-size: 2\n",
      "train.py": script.replace('"--lr"', '"--step", dest="lr"'),
    });
    expect(applied(await rig.rename("train.py", at("train.py", "batch-size"), "per_step"))).toEqual({
      "train.yaml": "pass_as: flags\nhyperparameters:\n  lr: 1\n  per_step: 2\n",
      "train.py": script.replace('"--batch-size"', '"--per-step"'),
    });
  });

  it("keeps the parameter of a click command", async () => {
    const script = 'import click\n@click.command()\n@click.option("--lr", default=1.0)\ndef main(lr): pass\n';
    await open({ "train.yaml": "pass_as: flags\nhyperparameters:\n  lr: 1\n", "train.py": script });
    expect(applied(await rig.rename("train.py", at("train.py", "lr"), "step"))["train.py"]).toBe(
      script.replace('"--lr"', '"--step", "lr"'),
    );
  });

  it.each([
    ["a b", "is no name of a hyperparameter"],
    ["a.b", "a dot makes a group of it"],
    ["", "is no name of a hyperparameter"],
    ["lr", "There is a hyperparameter `optimizer.lr` already"],
    ["a-b", "train.py:3 reads it as an attribute, which `a-b` cannot be"],
    ["items", "`items` is a method there"],
  ])("to %j is refused with words", async (name, words) => {
    await open({
      "train.yaml": "hyperparameters:\n  optimizer: {beta: 1, lr: 2}\n",
      "train.py": "import trainyard\nrun = trainyard.init()\nprint(run.params.optimizer.beta)\n",
    });
    await expect(rig.rename("train.yaml", at("train.yaml", "beta"), name)).rejects.toThrow(words);
  });

  it("is refused where its uses cannot be told", async () => {
    await open({
      "train.yaml": "hyperparameters:\n  optimizer: {beta: 1}\n",
      "train.py": 'import trainyard\nuse(trainyard.param("optimizer"))\n',
    });
    await expect(rig.rename("train.yaml", at("train.yaml", "beta"), "b")).rejects.toThrow(
      "train.py:2 reads all of `optimizer`",
    );
  });

  it("there and back gives the same texts", async () => {
    await open(ALL);
    const name = fc
      .stringMatching(/^[a-z_][a-z0-9_]{0,8}$/)
      .filter((one) => !["lr", "optimizer", "beta"].includes(one));
    const places = fc.constantFrom<[string, string]>(
      ["train.yaml", "lr"],
      ["train.py", 'lr"'],
      ["model.py", 'lr"'],
    );
    await fc.assert(
      fc.asyncProperty(name, places, async (newName, [file, text]) => {
        const before = texts;
        const position = at(file, text);
        texts = applied(await rig.rename(file, position, newName));
        expect(texts).not.toEqual(before);
        for (const [one, content] of Object.entries(texts)) await rig.change(one, { text: content });
        texts = applied(await rig.rename(file, position, "lr"));
        for (const [one, content] of Object.entries(texts)) await rig.change(one, { text: content });
        expect(texts).toEqual(before);
      }),
      { numRuns: 40, seed: 7 },
    );
  });
});
