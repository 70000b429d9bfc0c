/** Keys and values as each syntax writes them, on one line. Pure. */
import type { Json } from "../../../../cluster/protocol/base.ts";

export type Syntax = "yaml" | "toml";

/** What YAML of any version reads as something else than text. */
const NO_TEXT = /^(?:~|null|true|false|yes|no|on|off|y|n|[-+.]?[\d.].*|[-+]?\.(?:inf|nan))$/i;

export function keyText(syntax: Syntax, key: string): string {
  const isPlain =
    syntax === "toml" ? /^[\w-]+$/.test(key) : /^[A-Za-z_][\w.-]*$/.test(key) && !NO_TEXT.test(key);
  return isPlain ? key : JSON.stringify(key);
}

/** TOML has no null: an empty text stands for it. */
export function valueText(syntax: Syntax, value: Json): string {
  const inner = (one: Json): string => valueText(syntax, one);
  if (Array.isArray(value)) return `[${value.map(inner).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const between = syntax === "toml" ? " = " : ": ";
    const pairs = Object.entries(value).map(([key, one]) => keyText(syntax, key) + between + inner(one));
    if (pairs.length === 0) return "{}";
    return syntax === "toml" ? `{ ${pairs.join(", ")} }` : `{${pairs.join(", ")}}`;
  }
  if (syntax === "toml") return JSON.stringify(value ?? "");
  if (typeof value !== "string") return String(value);
  const isPlain = /^[A-Za-z_/][\w./-]*(?: [\w./-]+)*$/.test(value) && !NO_TEXT.test(value);
  return isPlain ? value : JSON.stringify(value);
}
