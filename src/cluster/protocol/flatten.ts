/** Nested values by their whole names. Pure. */
import type { Json, JsonObject } from "./base.ts";

/** `{a: {b: 1}}` as `a.b` and 1. Empty objects and lists stay values. */
export function flatten(object: JsonObject, prefix = ""): [string, Json][] {
  return Object.entries(object).flatMap(([key, value]): [string, Json][] => {
    const name = prefix === "" ? key : `${prefix}.${key}`;
    const isNested = typeof value === "object" && value !== null && !Array.isArray(value);
    return isNested && Object.keys(value).length > 0 ? flatten(value, name) : [[name, value]];
  });
}
