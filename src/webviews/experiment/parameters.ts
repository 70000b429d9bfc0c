/** Hyperparameters as rows: what the script read, with where each value came from. Pure. */
import type { Trial } from "../../cluster/protocol/entities.ts";
import type { Json, JsonObject } from "../../cluster/protocol/base.ts";

export interface ParameterRow {
  name: string;
  value: string;
  origin: string;
}

export function parameterRows(trial: Pick<Trial, "hyperparameters" | "parameters">): ParameterRow[] {
  const given = flatten(trial.hyperparameters);
  const read = Object.entries(trial.parameters).map(([name, parameter]) => ({
    name,
    value: valueText(parameter.value),
    origin: parameter.origin,
  }));
  const known = new Set(read.map((row) => row.name));
  const unread = given
    .filter(([name]) => !known.has(name))
    .map(([name, value]) => ({
      name,
      value: valueText(value),
      origin: "configuration, not read by the script",
    }));
  return [...read, ...unread].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

/** `{a: {b: 1}}` as `a.b` and 1. Empty objects and lists stay values. */
export function flatten(object: JsonObject, prefix = ""): [string, Json][] {
  return Object.entries(object).flatMap(([key, value]): [string, Json][] => {
    const name = prefix === "" ? key : `${prefix}.${key}`;
    const isNested = typeof value === "object" && value !== null && !Array.isArray(value);
    return isNested && Object.keys(value).length > 0 ? flatten(value, name) : [[name, value]];
  });
}

export function valueText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
