/** Which script a configuration is for when nobody said so. */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { findConfiguration } from "./configuration.ts";

/**
 * The one of its name (`train.py` of `train.yaml`), else the only one in its folder, where this is what it is submitted with
 * unasked.
 * @param configuration absolute path
 * @returns absolute path, or null
 */
export async function scriptBeside(configuration: string): Promise<string | null> {
  const { dir, name } = path.parse(configuration);
  const scripts = (await readdir(dir).catch(() => [])).filter((one) => one.endsWith(".py"));
  const script =
    scripts.find((one) => one === `${name}.py`) ?? (scripts.length === 1 ? scripts[0] : undefined);
  if (script === undefined) return null;
  const file = path.join(dir, script);
  return (await findConfiguration(file)) === configuration ? file : null;
}
