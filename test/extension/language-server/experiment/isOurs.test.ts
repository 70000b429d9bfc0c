import { describe, expect, it } from "vitest";
import { readExperiment } from "../../../../src/extension/language-server/server/experiment/document.ts";

const isOne = (file: string, text: string): boolean =>
  readExperiment({ file, languageId: "yaml", text, isChosen: false }) !== null;

describe("a YAML file", () => {
  it.each([
    ["docker-compose.yaml", "name: app\nservices:\n  web: {image: a, entrypoint: b, environment: {A: 1}}\n"],
    [".github/workflows/ci.yml", "name: ci\non: push\njobs:\n  a: {runs-on: x, steps: []}\n"],
    ["action.yml", "name: a\ndescription: b\ninputs: {}\nruns: {using: docker, entrypoint: c}\n"],
    ["pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n"],
    ["environment.yml", "name: a\nchannels: [conda-forge]\ndependencies: [python]\n"],
    ["conf/config.yaml", "defaults: [_self_]\nhyperparameters: {lr: 1}\nsearcher: {a: 1}\n"],
    ["conf/train/sgd.yaml", "lr: 0.1\nmomentum: 0.9\nname: sgd\n"],
    [".pre-commit-config.yaml", "repos:\n- repo: a\n  rev: b\n  hooks: []\n"],
    ["mkdocs.yml", "site_name: a\nnav: []\ntheme: {name: b}\n"],
    ["job.yml", "$schema: a\ntype: command\nname: a\ndescription: b\nenvironment: c\nresources: {}\n"],
    ["sweep.yaml", "program: train.py\nmethod: bayes\nmetric: {name: loss}\nparameters: {}\n"],
    ["task.yaml", "name: a\nresources: {accelerators: A100}\nsetup: b\nrun: c\n"],
    ["notes.yaml", "- a\n- b\n"],
    ["hp.yaml", "hyperparameters: {lr: 1}\nmodel: a\ndataset: b\noptimizer: c\n"],
  ])("of another tool is left alone: %s", (file, text) => expect(isOne(file, text)).toBe(false));

  it.each([
    ["search.yaml", "searcher: {name: grid}\n"],
    ["lr.yaml", "hyperparameters: {lr: 1}\n"],
    ["determined.yaml", "name: a\nentrypoint: python3 train.py\nresources: {slots_per_trial: 8}\n"],
    ["sub/train.yaml", "naem: x\n"],
    ["experiment.yml", ""],
  ])("of ours is one: %s", (file, text) => expect(isOne(file, text)).toBe(true));

  it("of another tool under our name has one thing said, not one of each key", () => {
    const text =
      "model_name_or_path: meta-llama/Llama-3.1-8B\nstage: sft\ndo_train: true\nfinetuning_type: lora\ndataset: identity\noutput_dir: saves\n";
    const experiment = readExperiment({ file: "train.yaml", languageId: "yaml", text, isChosen: false });
    expect(experiment?.problems).toMatchObject([
      { severity: "information", line: 1, message: expect.stringContaining("6 of its 6 keys") as string },
    ]);
  });
});
