/** A value as one line of an experiment file. Pure. */
import { stringify } from "yaml";
import type { Json } from "../../../../cluster/protocol/base.ts";
import type { ExperimentDocument } from "../experiment/document.ts";

/** `{type: log, base: 10, minval: -4, maxval: -2}`, in TOML `{ type = "log", base = 10, minval = -4, maxval = -2 }`. */
export function valueText(syntax: ExperimentDocument["syntax"], value: Json): string {
  if (syntax === "toml") return tomlText(value);
  // Values that stand in a flow are quoted for it, so the one to write is put into one.
  const options = { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: false } as const;
  return typeof value === "object" && value !== null
    ? stringify(value, options).trimEnd()
    : stringify([value], options).trim().slice(1, -1);
}

function tomlText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(tomlText).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const pairs = Object.entries(value).map(([key, inner]) => {
      const name = /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
      return `${name} = ${tomlText(inner)}`;
    });
    return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
  }
  return JSON.stringify(value ?? "");
}
