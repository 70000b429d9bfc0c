/** A YAML document that knows where each key and value stands. Limits come first: a configuration is input. */
import { isAlias, isCollection, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from "yaml";

export const MOST_BYTES = 1024 * 1024;
const MOST_ALIASES = 100;

/** One thing to say about a place in a file. Line and column count from 1. */
export interface Located {
  message: string;
  file: string;
  line: number;
  column: number;
}

export type Path = readonly PropertyKey[];

export interface Source {
  value: unknown;
  /** Where the value of a path stands, or its key; the nearest one above when there is no such path. */
  locate: (path: Path, message: string, what: "key" | "value") => Located;
}

/** Syntax errors, duplicate keys, several documents, too many aliases: `problems`; otherwise the document. */
export function readSource(file: string, text: string): { source: Source } | { problems: Located[] } {
  const start: Located = { message: "", file, line: 1, column: 1 };
  if (Buffer.byteLength(text) > MOST_BYTES)
    return { problems: [{ ...start, message: "The configuration is larger than 1 MB." }] };
  const lines = new LineCounter();
  const placed = (offset: number, message: string): Located => {
    const { line, col } = lines.linePos(offset);
    return { message, file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
    if (document.errors.length > 0)
      return {
        problems: document.errors.slice(0, 20).map((e) => placed(e.pos[0], sentence(e.code, e.message))),
      };
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    const locate = (path: Path, message: string, what: "key" | "value"): Located =>
      placed(offsetOf(document.contents, path, what), message);
    return { source: { value, locate } };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = /alias/i.test(reason)
      ? `Too many aliases: ${reason}.`
      : error instanceof RangeError
        ? "The configuration is nested too deeply."
        : `The configuration cannot be read: ${reason}`;
    return { problems: [{ ...start, message }] };
  }
}

function sentence(code: string, message: string): string {
  if (code === "DUPLICATE_KEY") return "This key is there twice.";
  if (code === "MULTIPLE_DOCS") return "One configuration holds one document: remove what follows `---`.";
  if (message.startsWith("Maximum call stack")) return "The configuration is nested too deeply.";
  return message.endsWith(".") ? message : `${message}.`;
}

function offsetOf(contents: unknown, path: Path, what: "key" | "value"): number {
  let node: unknown = contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, part] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (!pair || !isPair(pair)) break;
      const isLast = depth === path.length - 1;
      const keyOffset = startOf(pair.key);
      offset = (isLast && what === "key" ? keyOffset : startOf(pair.value)) ?? keyOffset ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = startOf(node) ?? offset;
    } else break;
    if (isAlias(node)) break;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  if (isScalar(node) || isCollection(node) || isAlias(node)) return node.range?.[0];
  return undefined;
}
