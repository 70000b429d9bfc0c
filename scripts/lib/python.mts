import { existsSync } from "node:fs";
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
