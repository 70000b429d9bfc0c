/** A YAML document that knows where each key and value stands. Limits come first: a configuration is input. */
import { isAlias, isCollection, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from "yaml";

export const MOST_BYTES = 1024 * 1024;
const MOST_ALIASES = 100;

/** One thing to say about a place in a file. Line and column count from 1, columns in UTF-16 units. */
export interface Located {
  message: string;
  file: string;
  line: number;
  column: number;
  /** Where the place ends, just behind its last character. Absent: only where it begins is known. */
  end?: { line: number; column: number };
  /** What stands there is probably meant to be `text`, as the file's syntax has it. */
  fix?: { title: string; text: string };
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
  const placed = ([from, to]: Span, message: string): Located => {
    const [start, end] = [lines.linePos(from), lines.linePos(to)];
    const place = { message, file, line: Math.max(1, start.line), column: Math.max(1, start.col) };
    return to > from ? { ...place, end: { line: end.line, column: end.col } } : place;
  };
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
    if (document.errors.length > 0)
      return {
        problems: document.errors.slice(0, 20).map((e) => placed(e.pos, sentence(e.code, e.message))),
      };
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    const locate = (path: Path, message: string, what: "key" | "value"): Located =>
      placed(spanOf(document.contents, path, what), message);
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

type Span = readonly [from: number, to: number];

function spanOf(contents: unknown, path: Path, what: "key" | "value"): Span {
  let node: unknown = contents;
  let span: Span = nodeSpan(node) ?? [0, 0];
  for (const [depth, part] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part));
      if (!pair || !isPair(pair)) break;
      const isLast = depth === path.length - 1;
      const keySpan = nodeSpan(pair.key);
      span = (isLast && what === "key" ? keySpan : nodeSpan(pair.value)) ?? keySpan ?? span;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      span = nodeSpan(node) ?? span;
    } else break;
    if (isAlias(node)) break;
  }
  return span;
}

function nodeSpan(node: unknown): Span | undefined {
  if (!isScalar(node) && !isCollection(node) && !isAlias(node)) return undefined;
  return node.range ? [node.range[0], node.range[1]] : undefined;
}
