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
import { digitsEnvironment } from "../lib/python.mts";

const EXAMPLE = path.join(root, "examples", "digits");

/**
 * A fresh copy of examples/digits as a person has it: a git repository with one commit and a `.venv`. `epochs` changes
 * how long it trains; `isSearch` makes search.yaml the configuration that a submit uses; `namesPython` names the interpreter in the configuration, for a pool that does not see the `.venv`.
 */
export async function prepareWorkspace(options: {
  readonly epochs: number | null;
  readonly isSearch: boolean;
  readonly namesPython: boolean;
}): Promise<string> {
  const { epochs, isSearch, namesPython } = options;
  const python = await digitsEnvironment();
  const folder = path.join(mkdtempSync(path.join(os.tmpdir(), "trainyard-demo-")), "digits");
  cpSync(EXAMPLE, folder, { recursive: true, filter: (file) => !/__pycache__|trainyard-runs/.test(file) });
  symlinkSync(path.dirname(path.dirname(python)), path.join(folder, ".venv"));
  writeFileSync(path.join(folder, ".gitignore"), ".venv\n__pycache__/\n");
  if (isSearch) renameSync(path.join(folder, "search.yaml"), path.join(folder, "train.yaml"));
  if (epochs !== null) {
    const file = path.join(folder, "train.yaml");
    const configuration = readFileSync(file, "utf8");
    const changed = configuration.replace(/\bepochs: \d+/, `epochs: ${epochs}`);
    if (changed === configuration) throw new Error(`${file} names no epochs`);
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
