/** Where interpreters of this host may be: read from folders and lists, nothing is run. */
import { readdir, readFile, realpath } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { isExecutable } from "./pythons.ts";

const MOST = 200;

export interface Candidate {
  file: string;
  origin: string;
}

/** Existing ones, each once, the others first. */
export async function findCandidates(
  env: NodeJS.ProcessEnv,
  others: readonly Candidate[],
): Promise<Candidate[]> {
  const home = os.homedir();
  const found = [
    ...others,
    ...(await ofPath(env)),
    ...(await ofPyenv(env.PYENV_ROOT ?? path.join(home, ".pyenv"))),
    ...(await ofConda(env, home)),
    ...(await inFolders(env.WORKON_HOME ?? path.join(home, ".virtualenvs"), "virtual environment")),
  ];
  const unique = new Map<string, Candidate>();
  for (const candidate of found) {
    if (unique.size >= MOST) break;
    if (!(await isExecutable(candidate.file))) continue;
    const key = await keyOf(candidate.file);
    if (!unique.has(key)) unique.set(key, candidate);
  }
  return [...unique.values()];
}

/** `python3` and `python3.11` of one folder are one; two environments on one Python are two. */
async function keyOf(file: string): Promise<string> {
  const folder = await realpath(path.dirname(file)).catch(() => path.dirname(file));
  const behind = await realpath(file).catch(() => file);
  return `${folder}\0${behind}`;
}

async function ofPath(env: NodeJS.ProcessEnv): Promise<Candidate[]> {
  const folders = [...(env.PATH ?? "").split(":"), "/usr/local/bin", "/usr/bin"];
  const found: Candidate[] = [];
  for (const folder of new Set(folders.filter((name) => path.isAbsolute(name))))
    for (const name of (await namesIn(folder)).filter((one) => /^python3(\.\d+)?$/.test(one)).sort())
      found.push({ file: path.join(folder, name), origin: "on the PATH" });
  return found;
}

const ofPyenv = (root: string): Promise<Candidate[]> => inFolders(path.join(root, "versions"), "pyenv");

async function ofConda(env: NodeJS.ProcessEnv, home: string): Promise<Candidate[]> {
  const prefixes = await condaPrefixes(env, home);
  return prefixes.map((prefix) => ({
    file: path.join(prefix, "bin", "python"),
    origin: `conda environment ${path.basename(prefix)}`,
  }));
}

/** Environments, and the installations that hold them. */
export async function condaPrefixes(env: NodeJS.ProcessEnv, home = os.homedir()): Promise<string[]> {
  const listed = await readFile(path.join(home, ".conda", "environments.txt"), "utf8").catch(() => "");
  const names = ["miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", "conda"];
  const roots = [home, "/opt"].flatMap((folder) => names.map((name) => path.join(folder, name)));
  if (env.MAMBA_ROOT_PREFIX) roots.push(env.MAMBA_ROOT_PREFIX);
  const inRoots: string[] = [];
  for (const root of [...roots, path.join(home, ".conda")]) {
    const envs = path.join(root, "envs");
    inRoots.push(root, ...(await namesIn(envs)).map((name) => path.join(envs, name)));
  }
  const ofList = listed.split("\n").map((line) => line.trim());
  return [...new Set([...ofList.filter((line) => path.isAbsolute(line)), ...inRoots])];
}

async function inFolders(parent: string, origin: string): Promise<Candidate[]> {
  return (await namesIn(parent)).map((name) => ({
    file: path.join(parent, name, "bin", "python"),
    origin: `${origin} ${name}`,
  }));
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
