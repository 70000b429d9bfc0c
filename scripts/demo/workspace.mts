import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { cleanEnvironment, must } from "../lib/command.mts";
import { root } from "../lib/paths.mts";
import { digitsEnvironment, tensorboardPython } from "../lib/python.mts";

/** What `--script NAME` can be: folders of examples/. */
export const SCRIPTS = ["digits", "tensorboard"] as const;
export type DemoScript = (typeof SCRIPTS)[number];

/**
 * A fresh copy of an example as a person has it: a git repository with one commit and a `.venv`. `epochs` changes
 * how long it trains; `isSearch` makes search.yaml the configuration that a submit uses; `namesPython` names the interpreter in the configuration, for a pool that does not see the `.venv`.
 */
export async function prepareWorkspace(options: {
  readonly script: DemoScript;
  readonly epochs: number | null;
  readonly isSearch: boolean;
  readonly namesPython: boolean;
}): Promise<string> {
  const { script, epochs, isSearch, namesPython } = options;
  const python = script === "tensorboard" ? await tensorboardPython() : await digitsEnvironment();
  const folder = path.join(mkdtempSync(path.join(os.tmpdir(), "trainyard-demo-")), script);
  cpSync(path.join(root, "examples", script), folder, {
    recursive: true,
    filter: (file) => !/__pycache__|trainyard-runs/.test(file),
  });
  symlinkSync(path.dirname(path.dirname(python)), path.join(folder, ".venv"));
  writeFileSync(path.join(folder, ".gitignore"), ".venv\n__pycache__/\n");
  if (isSearch) renameSync(path.join(folder, "search.yaml"), path.join(folder, "train.yaml"));
  if (epochs !== null) {
    const isPlain = script === "tensorboard"; // nothing but the script: its default is what a person would edit
    const file = path.join(folder, isPlain ? "train.py" : "train.yaml");
    const content = readFileSync(file, "utf8");
    const changed = isPlain
      ? content.replace(/("--epochs".*default=)\d+/, `$1${epochs}`)
      : content.replace(/\bepochs: \d+/, `epochs: ${epochs}`);
    if (changed === content) throw new Error(`${file} names no epochs`);
    writeFileSync(file, changed);
  }
  if (namesPython) appendFileSync(path.join(folder, "train.yaml"), `environment:\n  python: ${python}\n`);
  const identity = ["-c", "user.name=Demo", "-c", "user.email=demo@localhost", "-c", "commit.gpgsign=false"];
  for (const args of [
    ["init", "-q"],
    ["add", "-A"],
    [...identity, "commit", "-qm", "Digits"],
  ]) {
    await must("Preparing the example", "git", args, {
      cwd: folder,
      env: cleanEnvironment(),
      timeoutMs: 30_000,
    });
  }
  return folder;
}
