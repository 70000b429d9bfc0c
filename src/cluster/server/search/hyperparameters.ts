/** Reads the `hyperparameters` of a configuration. Constants run today; ranges are refused by name. Pure. */
import type { Json, JsonObject } from "../../protocol/base.ts";

const RANGES = ["int", "double", "log", "categorical"];

export interface Constants {
  values: JsonObject;
  /** Dotted names whose value is a range, with its type: "lr (log)". */
  ranges: string[];
  /** Dotted names with a `const` that has no `val`. */
  broken: string[];
}

export function readHyperparameters(hyperparameters: JsonObject): Constants {
  const result: Constants = { values: {}, ranges: [], broken: [] };
  for (const [name, value] of Object.entries(hyperparameters)) {
    const read = readOne(value, name, result);
    if (read !== undefined) result.values[name] = read;
  }
  return result;
}

function readOne(value: Json, name: string, found: Constants): Json | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if (value.type === "const") {
    if (value.val === undefined) found.broken.push(name);
    return value.val;
  }
  if (typeof value.type === "string" && RANGES.includes(value.type)) {
    found.ranges.push(`${name} (${value.type})`);
    return undefined;
  }
  const nested: JsonObject = {};
  for (const [key, inner] of Object.entries(value)) {
    const read = readOne(inner, `${name}.${key}`, found);
    if (read !== undefined) nested[key] = read;
  }
  return nested;
}
