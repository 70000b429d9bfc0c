/** A value, or a range, of another type than the script takes. Pure. */
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import type { Json } from "../../../../cluster/protocol/base.ts";
import { isNested } from "../../../../cluster/search/space.ts";
import type { ParameterRead } from "../python/facts.ts";

export interface Mismatch {
  /** Inside of the hyperparameter. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** A type of a range that fits. */
  readonly becomes?: "int";
}

type Read = Pick<ParameterRead, "type" | "default" | "choices">;

/** @returns the first that does not fit; null where all does, or where nobody can tell */
export function mismatch(value: Json, read: Read): Mismatch | null {
  const kind = valueAt(value, ["type"]);
  const isRange = typeof value === "object" && value !== null && !Array.isArray(value) && !isNested(value);
  if (!isRange) {
    const message = typeof value === "object" ? null : unfit(value, read);
    return message === null ? null : { path: [], message };
  }
  if (kind === "const") {
    const inner = mismatch(valueAt(value, ["val"]) as Json, read);
    return inner && { ...inner, path: ["val", ...inner.path] };
  }
  if (kind === "categorical") {
    const vals = valueAt(value, ["vals"]);
    for (const [index, one] of (Array.isArray(vals) ? (vals as Json[]) : []).entries()) {
      const message = typeof one === "object" ? null : unfit(one, read);
      if (message !== null) return { path: ["vals", index], message };
    }
    return null;
  }
  if (kind !== "int" && kind !== "double" && kind !== "log") return null;
  const { choices } = read;
  if (choices !== null && choices.length > 0)
    return {
      path: ["type"],
      message: `the script takes one of ${choices.map(shown).join(", ")}; \`categorical\` draws among them.`,
    };
  const wanted = read.type;
  if (wanted === "bool" || wanted === "str")
    return {
      path: ["type"],
      message: `the script expects ${wanted === "bool" ? "true or false" : "a text"}, and \`${kind}\` draws numbers; \`categorical\` draws among values.`,
    };
  if (wanted !== "int" || kind === "int") return null;
  const message = `the script expects a whole number, and \`${kind}\` draws fractions.`;
  const isWhole = ["minval", "maxval"].every((key) => Number.isInteger(valueAt(value, [key])));
  return { path: ["type"], message, ...(kind === "double" && isWhole ? { becomes: "int" as const } : {}) };
}

function unfit(value: Json, read: Read): string | null {
  const { choices } = read;
  if (choices !== null && choices.length > 0)
    return choices.some((one) => textOf(one) === textOf(value))
      ? null
      : `${shown(value)} is none of what the script takes: ${choices.map(shown).join(", ")}.`;
  const wanted = read.type;
  if (value === null || wanted === null || wanted === "str") return null;
  if (wanted === "bool")
    return typeof value === "boolean"
      ? null
      : `the script expects true or false, and this is ${shown(value)}.`;
  // Texts may be numbers: YAML's 1e-3 is one to many.
  if (
    typeof value === "boolean" ||
    (typeof value === "string" && (value.trim() === "" || Number.isNaN(Number(value))))
  )
    return `the script expects a ${wanted === "int" ? "whole number" : "number"}, and this is ${shown(value)}.`;
  return wanted === "int" && !Number.isInteger(Number(value))
    ? `the script expects a whole number, and this is ${shown(value)}.`
    : null;
}

/** As a command line has it: 1 and "1" are the same. */
function textOf(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function shown(value: Json): string {
  return `\`${JSON.stringify(value)}\``;
}
