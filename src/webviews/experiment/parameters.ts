/** Hyperparameters as rows: what the script read, with where each value came from. Pure. */
import type { Trial } from "../../cluster/protocol/entities.ts";
import type { Json } from "../../cluster/protocol/base.ts";
import { flatten } from "../../cluster/protocol/flatten.ts";

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

export function valueText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
