/** Hyperparameters as a script's flags (`pass_as: flags`). Pure. */
import type { Json, JsonObject } from "./base.ts";

/**
 * `--name=value` for each, since a value may begin with a dash; nested names are dotted, true is `--name`, false and null
 * are nothing, and a list is `--name` and its values as words of their own.
 */
export function flagsOf(hyperparameters: JsonObject, prefix = ""): string[] {
  return Object.entries(hyperparameters).flatMap(([name, value]) => flag(`${prefix}${name}`, value));
}

function flag(name: string, value: Json): string[] {
  if (value === null || value === false) return [];
  if (value === true) return [`--${name}`];
  if (Array.isArray(value)) return [`--${name}`, ...value.map(argument)];
  if (typeof value === "object") return flagsOf(value, `${name}.`);
  return [`--${name}=${argument(value)}`];
}

function argument(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
