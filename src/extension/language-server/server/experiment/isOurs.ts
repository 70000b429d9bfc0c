/** Which YAML is an experiment's, told by its keys: many tools write YAML. Pure. */
import path from "node:path";
import { keysAt } from "../../../../cluster/client/configuration/jsonSchema.ts";
import { CONFIGURATION_NAMES } from "../../../../cluster/client/configuration/names.ts";

/** Who has one of these at the top is an experiment, as long as most of what is beside it is known, too. */
const TELLING = ["searcher", "hyperparameters"];
/** One of these and two more. */
const STRONG = ["entrypoint", "max_restarts", "checkpoint_storage", "reproducibility", "pass_as"];
/** Keys by which other tools' files are known, whatever else is in them. */
const OF_OTHERS = ["defaults", "hydra", "apiVersion", "$schema", "services", "jobs", "repos", "channels"];

/** @param value what the file holds, as far as it can be read */
export function isOurs(file: string, value: unknown): boolean {
  if ((CONFIGURATION_NAMES as readonly string[]).includes(path.basename(file))) return true;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  const known = new Set(keysAt([]));
  const ours = keys.filter((key) => known.has(key)).length;
  if (OF_OTHERS.some((key) => keys.includes(key)) || ours * 2 < keys.length) return false;
  if (TELLING.some((key) => keys.includes(key))) return true;
  return ours > 2 && STRONG.some((key) => keys.includes(key));
}
