/** Python's literals as JSON. */
import type { Json } from "../../../../../cluster/protocol/base.ts";
import type { Source } from "../source.ts";
import type { Syntax } from "../syntax.ts";

const MOST_DEPTH = 8;
const ESCAPES: Readonly<Record<string, string>> = {
  ...{ n: "\n", t: "\t", r: "\r", b: "\b", f: "\f", v: "\v", a: "\x07", "0": "\0" },
  ...{ "\\": "\\", "'": "'", '"': '"', "\n": "", "\r\n": "" },
};

/** Undefined for what is no literal, or one that JSON has no word for (bytes, infinities, complex numbers). */
export function literal(source: Source, node: Syntax | null, depth = 0): Json | undefined {
  if (node === null || depth > MOST_DEPTH) return undefined;
  switch (node.type) {
    case "integer":
    case "float":
      return number(source.of(node));
    case "true":
      return true;
    case "false":
      return false;
    case "none":
      return null;
    case "string":
      return stringOf(source, node)?.value;
    case "concatenated_string": {
      const parts = node.children.map((part) => stringOf(source, part)?.value);
      return parts.every((part) => part !== undefined) ? parts.join("") : undefined;
    }
    case "parenthesized_expression":
      return literal(source, node.children[0] ?? null, depth + 1);
    case "unary_operator": {
      const value = literal(source, node.child("argument"), depth + 1);
      const sign = source.text[node.start];
      if (typeof value !== "number") return undefined;
      return sign === "-" ? -value : sign === "+" ? value : undefined;
    }
    case "list":
    case "tuple":
    case "expression_list": {
      const values = node.children.map((part) => literal(source, part, depth + 1));
      return values.every((value) => value !== undefined) ? values : undefined;
    }
    default:
      return undefined;
  }
}

/** `1_000`, `0x1F`, `1e-3`, `1.`, and Python 2's `10L`. */
function number(text: string): number | undefined {
  const plain = text.replaceAll("_", "").replace(/[lL]$/, "");
  const value = /^0\d+$/.test(plain) ? parseInt(plain, 8) : Number(plain);
  return plain !== "" && Number.isFinite(value) ? value : undefined;
}

export interface Text {
  readonly value: string;
  /** Offsets of what is inside of the quotes. */
  readonly start: number;
  readonly end: number;
}

/** A string literal whose text is certain: no bytes, and nothing that is computed in it. */
export function stringOf(source: Source, node: Syntax | null): Text | null {
  if (node?.type !== "string" || node.children.some(({ type }) => type !== "string_content")) return null;
  const written = source.of(node);
  const [all, prefix = "", quote = ""] = /^([a-zA-Z]*)('''|"""|'|")/.exec(written) ?? [];
  if (all === undefined || /b/i.test(prefix)) return null;
  const isClosed = written.endsWith(quote) && written.length >= all.length + quote.length;
  if (!isClosed) return null;
  const [start, end] = [node.start + all.length, node.end - quote.length];
  const inner = source.text.slice(start, end);
  return { value: /r/i.test(prefix) ? inner : unescaped(inner), start, end };
}

function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replaceAll(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(\r\n|[^]))/g,
    (all: string, x?: string, u?: string, one?: string) => {
      const code = x ?? u;
      return code === undefined ? (ESCAPES[one ?? ""] ?? all) : String.fromCharCode(parseInt(code, 16));
    },
  );
}
