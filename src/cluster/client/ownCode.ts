/** That what a pool says a trial ran is code of the person's own folder, before it is started on the person's machine. */
import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import { isInside } from "./insideFolder.ts";
import type { LocalLaunch } from "./localLaunch.ts";
import { UserError } from "./userError.ts";

/**
 * `python -m timeit "import os; ..."` is Python's own, and as good as any command: a module is to be found in the folder, as a
 * script is.
 * @param folder absolute; where it starts
 * @throws UserError
 */
export async function requireOwnCode(folder: string, start: LocalLaunch["start"]): Promise<void> {
  const top = await realpath(folder);
  const candidates =
    "script" in start
      ? [start.script]
      : ["", "/__main__"].map((end) => `${start.module.replaceAll(".", "/")}${end}.py`);
  for (const candidate of candidates) {
    const file = await realpath(path.resolve(folder, candidate)).catch(() => null);
    if (file !== null && isInside(file, top) && (await stat(file)).isFile()) return;
  }
  const what = "script" in start ? `script ${start.script}` : `module ${start.module}`;
  throw new UserError(
    `The ${what} is not in ${folder}, and only code of that folder is started here.`,
    "Open the script itself, and run that one under the debugger.",
  );
}

/** What they name is loaded before, or in place of, the script: of a pool they are not taken. These two only say how Python behaves. */
const LOADING = /^(LD_|DYLD_|PYTHON|PATH$|BASH_ENV$|ENV$|GCONV_PATH$|DEBUGPY|PYDEVD)/i;
const HARMLESS = ["PYTHONHASHSEED", "PYTHONUNBUFFERED"];

/** @returns the variables without those, and the names of those */
export function withoutLoading(environment: Readonly<Record<string, string>>): {
  environment: Record<string, string>;
  left: string[];
} {
  const isLeft = (name: string): boolean => LOADING.test(name) && !HARMLESS.includes(name);
  return {
    environment: Object.fromEntries(Object.entries(environment).filter(([name]) => !isLeft(name))),
    left: Object.keys(environment).filter(isLeft),
  };
}
