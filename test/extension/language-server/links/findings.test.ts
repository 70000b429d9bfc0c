import { renameSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Diagnostic, DiagnosticSeverity } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { Rig } from "../rig.ts";

let rig: Rig;
let isOpen: boolean;
beforeEach(async () => {
  isOpen = false;
  rig = await new Rig().start();
});
afterEach(() => rig.stop());

const isWarning = ({ severity }: Diagnostic): boolean => severity === DiagnosticSeverity.Warning;

async function show(yaml: string): Promise<void> {
  rig.write("train.yaml", yaml);
  if (isOpen) await rig.change("train.yaml", { text: yaml });
  else await rig.open("train.yaml", yaml);
  isOpen = true;
}

/** Warnings of a configuration beside a script, each with the text that it marks. */
async function warnings(yaml: string, script: string): Promise<[message: string, at: string][]> {
  rig.write("train.py", script);
  await show(yaml);
  const text = TextDocument.create("", "yaml", 0, yaml);
  return (await rig.diagnostics("train.yaml"))
    .filter(isWarning)
    .map(({ message, range }): [string, string] => [message, text.getText(range)]);
}

/** The configuration after the first quick fix of its first warning. */
async function mended(yaml: string, script: string): Promise<{ title: string; text: string }> {
  rig.write("train.py", script);
  await show(yaml);
  const found = (await rig.diagnostics("train.yaml")).filter(isWarning).slice(0, 1);
  if (!found[0]) throw new Error("no warning");
  const [action] = (await rig.actions("train.yaml", found[0].range, found)).filter(
    ({ kind }) => kind === "quickfix",
  );
  const edits = action?.edit?.changes?.[rig.uri("train.yaml")] ?? [];
  return {
    title: action?.title ?? "",
    text: TextDocument.applyEdits(TextDocument.create("", "yaml", 0, yaml), edits),
  };
}

const PARAMS = `import trainyard
lr = trainyard.param("learning_rate", 1e-3)
size = trainyard.param("batch_size", 32)
trainyard.report(1, loss=0.5)
trainyard.validate(1, {"val_loss": 0.5, "accuracy": 0.5})
`;

describe("a hyperparameter that the script never reads", () => {
  it("is marked, with what is probably meant", async () => {
    const yaml = "hyperparameters:\n  learning_rat: 0.1\n  batch_size: 32\n";
    expect(await warnings(yaml, PARAMS)).toEqual([
      ["train.py never reads `learning_rat`. Did you mean `learning_rate`?", "learning_rat"],
    ]);
    expect(await mended(yaml, PARAMS)).toEqual({
      title: "Rename it to learning_rate",
      text: yaml.replace("learning_rat:", "learning_rate:"),
    });
  });

  it("is none where a module of the workspace reads it", async () => {
    rig.write("model.py", 'import trainyard\nhidden = trainyard.param("hidden", 8)\n');
    const yaml = "hyperparameters: {hidden: 4, depth: 2}\n";
    expect(await warnings(yaml, `from model import hidden\n${PARAMS}`)).toEqual([
      ["train.py never reads `depth`.", "depth"],
    ]);
  });

  it("is none where it may be read by another name", async () => {
    const script =
      "import trainyard\nfor name in trainyard.init().params:\n    print(trainyard.param(name))\n";
    expect(await warnings("hyperparameters: {a: 1, b: 2}\n", script)).toEqual([]);
    const environment = 'import json, os\np = json.loads(os.environ["TRAINYARD_PARAMS"])\n';
    expect(await warnings("hyperparameters: {a: 1, b: 2}\n", environment)).toEqual([]);
  });

  it("is none within a group that is read as one, and one within a group that is not", async () => {
    const script =
      'import trainyard\no = trainyard.param("optimizer")\nx = trainyard.param("model.depth", 1)\n';
    const yaml = "hyperparameters:\n  optimizer: {lr: 1, beta: 2}\n  model:\n    depth: 1\n    width: 2\n";
    expect(await warnings(yaml, script)).toEqual([["train.py never reads `model.width`.", "width"]]);
  });

  it("is said once where the script reads none at all", async () => {
    expect(
      await warnings("hyperparameters: {a: 1, b: 2}\n", "import trainyard\ntrainyard.report(1, loss=1)\n"),
    ).toEqual([["train.py reads no hyperparameters, so these change nothing in it.", "hyperparameters"]]);
  });

  it("is looked for again when the script is edited, or is another on disk", async () => {
    const yaml = "hyperparameters:\n  momentum: 0.9\n  batch_size: 1\n";
    expect(await warnings(yaml, PARAMS)).toHaveLength(1);
    await rig.open("train.py", PARAMS);
    await rig.change("train.py", { text: `${PARAMS}m = trainyard.param("momentum", 0.9)\n` });
    await rig.diagnostics("train.yaml", (found) => found.every((one) => !isWarning(one)));
    await rig.close("train.py");
    await rig.filesChanged();
    await rig.diagnostics("train.yaml", (found) => found.some(isWarning));
  });
});

const ARGPARSE = `import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", "--learning-rate", type=float, default=1e-3, dest="rate")
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--optimizer", choices=["sgd", "adam"], default="sgd")
args = parser.parse_args()
`;

describe("flags", () => {
  it("have to be passed", async () => {
    const yaml = "hyperparameters:\n  lr: 0.1\n  batch-size: 8\n";
    expect(await warnings(yaml, ARGPARSE)).toEqual([
      [
        "train.py reads `lr`, `batch-size` from its command line, and nothing puts them there. `pass_as: flags` does.",
        "hyperparameters",
      ],
    ]);
    const { text } = await mended(yaml, ARGPARSE);
    expect(text).toBe(`${yaml}pass_as: ${text.includes('"') ? '"flags"' : "flags"}\n`);
    expect(await warnings(text, ARGPARSE)).toEqual([]);
  });

  it("are read by any of their names, with dashes or underscores", async () => {
    const yaml =
      "pass_as: flags\nhyperparameters:\n  learning-rate: 0.1\n  batch-size: 8\n  optimiser: sgd\n";
    expect(await warnings(yaml, ARGPARSE)).toEqual([
      ["train.py never reads `optimiser`. Did you mean `optimizer`?", "optimiser"],
    ]);
  });

  it("are passed as their keys are written", async () => {
    const yaml = "pass_as: flags\nhyperparameters:\n  batch_size: 8\n";
    expect(await warnings(yaml, ARGPARSE)).toEqual([
      ["train.py has the flag `--batch-size`, and this is passed as `--batch_size`.", "batch_size"],
    ]);
    expect((await mended(yaml, ARGPARSE)).text).toBe(yaml.replace("batch_size", "batch-size"));
  });

  it("have a name on the command line, and may have another in Python", async () => {
    const yaml = "pass_as: flags\nhyperparameters: {rate: 8}\n";
    expect(await warnings(yaml, ARGPARSE)).toEqual([
      ["train.py has the flag `--lr`, and this is passed as `--rate`.", "rate"],
    ]);
  });

  it("are not Hydra's", async () => {
    const script = "import hydra\n@hydra.main()\ndef main(cfg):\n    print(cfg.optimizer.lr)\n";
    expect(await warnings("hyperparameters: {optimizer: {lr: 1}}\n", script)).toEqual([
      [expect.stringContaining("through Hydra, which takes `optimizer.lr=VALUE`"), "hyperparameters"],
    ]);
  });

  it("cannot be added to a shell's line", async () => {
    const yaml = "entrypoint: python train.py\nhyperparameters: {lr: 1}\n";
    expect(await warnings(yaml, ARGPARSE)).toEqual([
      [expect.stringContaining("Write `entrypoint` as a list and add `pass_as: flags`."), "hyperparameters"],
    ]);
  });
});

describe("a parameter that is read without a default and not set", () => {
  it("is said, and added", async () => {
    const script =
      'import trainyard\na = trainyard.param("lr")\nb = trainyard.init().params["model"]["depth"]\nc = trainyard.param("k", 1)\n';
    const yaml = "hyperparameters:\n  k: 2 # why\n";
    expect(await warnings(yaml, script)).toEqual([
      ["train.py reads `lr` without a default, and it is not set here.", "hyperparameters"],
      ["train.py reads `model.depth` without a default, and it is not set here.", "hyperparameters"],
    ]);
    expect((await mended(yaml, script)).text).toMatch(/^hyperparameters:\n {2}k: 2 # why\n {2}lr: 0.001\n$/);
  });

  it("is none where the command line of the entrypoint has it", async () => {
    const script = 'import trainyard\na = trainyard.param("lr")\n';
    expect(await warnings("entrypoint: [python, train.py, --lr=1]\n", script)).toEqual([]);
  });
});

describe("a value of another type", () => {
  it("is marked at its place", async () => {
    const yaml = `pass_as: flags
hyperparameters:
  batch-size: {type: double, minval: 8, maxval: 64}
  optimizer: {type: categorical, vals: [sgd, adamw]}
  lr: fast
searcher: {name: random, max_trials: 2}
`;
    expect(await warnings(yaml, ARGPARSE)).toEqual([
      ["`batch-size`: the script expects a whole number, and `double` draws fractions.", "double"],
      ['`optimizer`: `"adamw"` is none of what the script takes: `"sgd"`, `"adam"`.', "adamw"],
      ['`lr`: the script expects a number, and this is `"fast"`.', "fast"],
    ]);
    expect((await mended(yaml, ARGPARSE)).text).toContain("batch-size: {type: int, minval: 8");
  });

  it("is none where it can be converted", async () => {
    const yaml = "pass_as: flags\nhyperparameters: {lr: 1e-3, batch-size: 8}\n";
    expect(await warnings(yaml, ARGPARSE)).toEqual([]);
  });
});

describe("a metric that the script never reports", () => {
  it("is marked, with what is probably meant", async () => {
    const yaml = "searcher:\n  name: single\n  metric: val_los\n";
    expect(await warnings(yaml, PARAMS)).toEqual([
      ["train.py never reports `val_los`. Did you mean `val_loss`?", "val_los"],
    ]);
    expect((await mended(yaml, PARAMS)).text).toBe(yaml.replace("val_los", "val_loss"));
  });

  it("is any metric of the script for a time metric, too", async () => {
    const yaml =
      "searcher: {name: adaptive_asha, metric: val_loss, max_trials: 2, max_time: 3, time_metric: epochs}\n";
    expect(await warnings(yaml, PARAMS)).toEqual([
      ["train.py never reports `epochs`. It reports `loss`, `val_loss`, `accuracy`.", "epochs"],
    ]);
  });

  it("may name its group", async () => {
    for (const metric of ["validation/val_loss", "training/loss", "loss", "accuracy"])
      expect(await warnings(`searcher: {metric: ${metric}}\n`, PARAMS)).toEqual([]);
    expect(await warnings("searcher: {metric: training/val_loss}\n", PARAMS)).toHaveLength(1);
  });

  it("is none where a library may report it, or names are not known", async () => {
    expect(await warnings("searcher: {metric: x}\n", "import trainyard\n")).toEqual([]);
    expect(
      await warnings("searcher: {metric: x}\n", 'import trainyard\ntrainyard.report(1, {f"a{1}": 1})\n'),
    ).toEqual([]);
  });
});

it("says no more when the script is gone, and again when it is back", async () => {
  const yaml = "hyperparameters: {a: 1, batch_size: 2}\n";
  expect(await warnings(yaml, PARAMS)).toHaveLength(1);
  const there = rig.file("train.py");
  renameSync(there, `${there}.txt`);
  await rig.filesChanged();
  await rig.diagnostics("train.yaml", (found) => !found.some(isWarning));
  renameSync(`${there}.txt`, there);
  await rig.filesChanged();
  await rig.diagnostics("train.yaml", (found) => found.some(isWarning));
});

it("says nothing of files whose script is not known, and nothing of a broken one", async () => {
  await rig.open("sweep.yaml", "hyperparameters: {a: 1}\n");
  expect(await rig.diagnostics("sweep.yaml")).toEqual([]);
  await rig.open("untitled.yaml", "hyperparameters: [\n");
  expect((await rig.diagnostics("untitled.yaml")).filter(isWarning)).toEqual([]);
});
