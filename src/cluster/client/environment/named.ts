/** Which Python a submit names: itself, or in its configuration. */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { environmentOf, type ExperimentConfiguration } from "../../protocol/configuration.ts";
import type { NamedEnvironment } from "../../protocol/environments.ts";
import { UserError } from "../userError.ts";

export interface Named {
  environment: NamedEnvironment;
  /** Who named it, for display. */
  origin: string;
}

/** @param explicit for this submit alone, which wins */
export function namedEnvironment(
  explicit: string | null,
  { python, conda, venv }: ExperimentConfiguration["environment"],
): Named | null {
  if (explicit !== null && explicit !== "")
    return { environment: { python: explicit }, origin: "named for this submit" };
  if (python !== undefined)
    return { environment: { python }, origin: "environment.python in the configuration" };
  if (conda !== undefined)
    return { environment: { conda }, origin: "environment.conda in the configuration" };
  if (venv !== undefined) return { environment: { venv }, origin: "environment.venv in the configuration" };
  return null;
}

/** The same on this machine, as an interpreter or the folder of an environment. @throws UserError */
export async function explicitHere({
  environment,
  origin,
}: Named): Promise<{ value: string; origin: string }> {
  if ("python" in environment) return { value: environment.python, origin };
  if ("venv" in environment) return { value: inFolder(environment.venv), origin };
  const { conda } = environment;
  if (conda.includes("/")) return { value: conda, origin };
  const known = await readFile(path.join(homedir(), ".conda", "environments.txt"), "utf8").catch(() => "");
  const prefix = known.split("\n").find((line) => path.basename(line.trim()) === conda);
  if (prefix === undefined)
    throw new UserError(
      `There is no conda environment ${conda} (${origin}).`,
      "Create it, or name another one, or its folder.",
    );
  return { value: prefix.trim(), origin };
}

/** A bare name would be looked for on the PATH. */
function inFolder(venv: string): string {
  return venv.includes("/") ? venv : `./${venv}`;
}

/** PYTHONPATH of the configuration, by which the script finds more than the snapshot has. */
export function pythonPathOf(configuration: ExperimentConfiguration): string | null {
  return environmentOf(configuration, null).findLast(([name]) => name === "PYTHONPATH")?.[1] ?? null;
}
