/** What an annotation says of a value that comes from a command line. */
import type { Json } from "../../../../../../cluster/protocol/base.ts";
import type { ParameterRead } from "../../facts.ts";
import type { Syntax } from "../../syntax.ts";
import type { Reading } from "../reading.ts";

type Said = { readonly type?: ParameterRead["type"]; readonly choices?: readonly Json[] | null };
const PLAIN = new Set(["int", "float", "bool", "str"]);

/** `float`, `"float"`, `Optional[float]`, `float | None`, `Annotated[float, ...]`, `Literal["a", "b"]`; of others a type of null. */
export function annotated(annotation: Syntax | null, reading: Reading): Said {
  if (annotation === null) return {};
  const literals = below(annotation, ["string", "integer"]);
  const text = reading.source.of(annotation);
  if (/^(?:\w+\.)?Literal\[/.test(text)) {
    const values = literals.map((node) => reading.literal(node));
    const choices = values.filter((value) => value !== undefined);
    return { choices, ...(choices.every((one) => typeof one === "string") ? { type: "str" } : {}) };
  }
  const word = text
    .replace(/^(["'])(.*)\1$/, "$2")
    .replace(/^(?:\w+\.)?(?:Optional|Union|Annotated)\[\s*([\w.]+).*\]$/s, "$1")
    .replace(/\s*\|\s*None$/, "");
  return { type: PLAIN.has(word) ? (word as "int") : null };
}

function below(node: Syntax, types: readonly string[]): Syntax[] {
  const found: Syntax[] = [];
  const open = [node];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (types.includes(at.type)) found.push(at);
    else open.push(...at.children.toReversed());
  }
  return found;
}
