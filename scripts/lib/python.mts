import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { aptInstall } from "./apt.mts";
import { cleanEnvironment, command, must } from "./command.mts";
import { once } from "./once.mts";
import { cache, root } from "./paths.mts";

/** A virtual environment under the cache with `requirements` (as pip takes them) in it. Returns its python. */
export async function pythonEnvironment(name: string, requirements: readonly string[]): Promise<string> {
  const recipe = JSON.stringify(requirements);
  const folder = await once(path.join(cache, `python-${name}`), recipe, async (target) => {
    console.log(`Installing ${requirements.join(" ")} from PyPI ...`);
    await createEnvironment(target);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...requirements];
    await must("Installing Python packages", interpreterOf(target), pip, {
      cwd: root,
      env: cleanEnvironment(),
      timeoutMs: 600_000,
    });
  });
  return interpreterOf(folder);
}

/** The environment of examples/digits: its requirements and what they need. Returns its python. */
export function digitsEnvironment(): Promise<string> {
  const requirements = readFileSync(path.join(root, "examples/digits/requirements.txt"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  return pythonEnvironment("digits", requirements);
}

/** Debian's Python with PyTorch, which PyPI has only with gigabytes of CUDA. Null where it cannot be installed. */
export async function torchPython(): Promise<string | null> {
  const python = "/usr/bin/python3";
  const hasTorch = async (): Promise<boolean> =>
    existsSync(python) &&
    (await command(python, ["-c", "import sklearn, torch"], { env: cleanEnvironment(), timeoutMs: 120_000 }))
      .code === 0;
  if (await hasTorch()) return python;
  await aptInstall("python3-torch", "python3-sklearn").catch((error: unknown) => console.log(String(error)));
  return (await hasTorch()) ? python : null;
}

const interpreterOf = (environment: string): string => path.join(environment, "bin", "python");

async function createEnvironment(target: string): Promise<void> {
  const create = (): Promise<{ code: number; output: string }> =>
    command("python3", ["-m", "venv", "--clear", target], { env: cleanEnvironment(), timeoutMs: 120_000 });
  let result = await create();
  // Debian keeps venv's pip in a package of its own.
  if (
    result.code !== 0 &&
    /ensurepip|python3[\d.]*-venv/.test(result.output) &&
    existsSync("/usr/bin/apt-get")
  ) {
    await aptInstall("python3-venv");
    result = await create();
  }
  if (result.code !== 0) throw new Error(`python3 -m venv ${target} failed:\n${result.output}`);
}
