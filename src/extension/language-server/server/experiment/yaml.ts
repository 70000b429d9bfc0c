/** An experiment in YAML, as far as it can be read. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
} from "yaml";
import type { Position, Range, TextEdit } from "vscode-languageserver/node";
import { checkText } from "../../../../cluster/client/configuration/checkText.ts";
import type { Json } from "../../../../cluster/protocol/base.ts";
import type { ExperimentDocument, Path, Typing } from "./document.ts";

const MOST_ALIASES = 100;

export function readYaml(file: string, text: string): ExperimentDocument {
  const lines = new LineCounter();
  const document = parse(text, lines);
  const { problems, notes } = checkText(file, text);
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(0, line - 1), character: Math.max(0, col - 1) };
  };
  const range = ([from, to]: Span): Range => ({ start: at(from), end: at(to) });
  const contents: unknown = document?.contents ?? null;
  return {
    syntax: "yaml",
    value: valueOf(document),
    problems,
    notes,
    rangeOf: (path, what) => {
      const found = find(contents, path);
      const span = found && spanOf(found[what]);
      return span ? range(span) : null;
    },
    pathAt: (offset) => {
      const found = pointedAt(contents, offset, []);
      return found && { path: found.path, what: found.what, range: range(found.span) };
    },
    typingAt: (offset) => typingAt(text, offset, range),
    insertion: (path, value) => insertionOf(text, contents, path, value, at),
    keyText: (key) => (/^[A-Za-z_][\w.-]*$/.test(key) ? key : JSON.stringify(key)),
  };
}

type Span = readonly [from: number, to: number];

function parse(text: string, lineCounter: LineCounter): Document | null {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, stringKeys: true });
  } catch {
    return null; // too deep for the parser: the check says so
  }
}

function valueOf(document: Document | null): unknown {
  try {
    return document?.toJS({ maxAliasCount: MOST_ALIASES }) ?? null;
  } catch {
    return null;
  }
}

function spanOf(node: unknown): Span | null {
  if (!isScalar(node) && !isCollection(node) && !isAlias(node)) return null;
  return node.range ? [node.range[0], node.range[1]] : null;
}

function find(contents: unknown, path: Path): { key: unknown; value: unknown } | null {
  let found: { key: unknown; value: unknown } = { key: null, value: contents };
  for (const part of path) {
    const { value } = found;
    if (isMap(value)) {
      const pair = value.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (!pair) return null;
      found = { key: pair.key, value: pair.value };
    } else if (isSeq(value) && typeof part === "number" && part in value.items)
      found = { key: null, value: value.items[part] };
    else return null;
  }
  return found;
}

function pointedAt(
  node: unknown,
  offset: number,
  path: Path,
): { path: Path; what: "key" | "value"; span: Span } | null {
  const within = (one: unknown): Span | null => {
    const span = spanOf(one);
    return span && span[0] <= offset && offset <= span[1] ? span : null;
  };
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : "";
      const onKey = within(key);
      if (onKey) return { path: [...path, name], what: "key", span: onKey };
      const inside = pointedAt(value, offset, [...path, name]);
      if (inside) return inside;
    }
    return null;
  }
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      const inside = pointedAt(item, offset, [...path, index]);
      if (inside) return inside;
    }
    return null;
  }
  const span = within(node);
  return span ? { path, what: "value", span } : null;
}

const LINE =
  /^(?<indent>\s*)(?:(?<key>[^\s:#'"{}[\],-][^:#]*?|"[^"]*"|'[^']*')\s*(?:(?<colon>:(?=\s|$))\s*|$))?(?<value>.*)$/;

/** By lines and their indent, so that it also holds in a file that does not parse, as most do while one types. */
function typingAt(text: string, offset: number, range: (span: Span) => Range): Typing | null {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const end = /\r?\n|$/.exec(text.slice(offset))?.index ?? 0;
  const before = text.slice(start, offset);
  if (/(^|\s)#/.test(before)) return null;
  const { indent = "", key, colon, value = "" } = LINE.exec(before)?.groups ?? {};
  const above = text.slice(0, start).split(/\r?\n/);
  const path = parentsOf(above, indent.length);
  if (colon !== undefined && key !== undefined) {
    const from = offset - value.length;
    const written = text
      .slice(from, offset + end)
      .replace(/\s+#.*$/, "")
      .trimEnd();
    return {
      what: "value",
      path: [...path, key.replace(/^["']|["']$/g, "")],
      range: range([from, from + Math.max(written.length, value.length)]),
      text: value,
      present: [],
      indent,
    };
  }
  if (value !== "") return null;
  const word = /^[\w.-]*/.exec(text.slice(offset))?.[0] ?? "";
  const typed = key ?? "";
  return {
    what: "key",
    path,
    range: range([offset - typed.length, offset + word.length]),
    text: typed,
    present: siblingsOf(text.split(/\r?\n/), above.length - 1, indent.length),
    indent,
  };
}

function parentsOf(above: readonly string[], indent: number): string[] {
  const path: string[] = [];
  let limit = indent;
  for (const line of above.toReversed()) {
    const { indent: own = "", key, colon } = LINE.exec(line)?.groups ?? {};
    if (key === undefined || colon === undefined || own.length >= limit) continue;
    path.unshift(key.replace(/^["']|["']$/g, ""));
    limit = own.length;
    if (limit === 0) break;
  }
  return path;
}

function siblingsOf(lines: readonly string[], at: number, indent: number): string[] {
  const keys: string[] = [];
  const look = (some: readonly string[]): void => {
    for (const line of some) {
      const { indent: own = "", key, colon } = LINE.exec(line)?.groups ?? {};
      if (key === undefined) continue;
      if (own.length < indent) return;
      if (own.length === indent && colon !== undefined) keys.push(key.replace(/^["']|["']$/g, ""));
    }
  };
  look(lines.slice(0, at).toReversed());
  look(lines.slice(at + 1));
  return keys;
}

function insertionOf(
  text: string,
  contents: unknown,
  path: Path,
  value: Json,
  at: (offset: number) => Position,
): TextEdit {
  let depth = path.length - 1;
  while (depth > 0 && !isMap(find(contents, path.slice(0, depth))?.value)) depth -= 1;
  const parent = find(contents, path.slice(0, depth))?.value;
  const last = isMap(parent) ? parent.items.at(-1) : undefined;
  const first = isMap(parent) ? spanOf(parent.items[0]?.key) : null;
  const column = first === null ? depth * 2 : first[0] - (text.lastIndexOf("\n", first[0] - 1) + 1);
  const span = spanOf(last?.value) ?? spanOf(last?.key);
  const offset = span === null ? text.length : span[1];
  const lines = path.slice(depth).map((key, index, keys) => {
    const isLast = index === keys.length - 1;
    return `${" ".repeat(column + index * 2)}${String(key)}:${isLast ? ` ${JSON.stringify(value)}` : ""}`;
  });
  const lead = offset === 0 || text[offset - 1] === "\n" ? "" : "\n";
  return {
    range: { start: at(offset), end: at(offset) },
    newText: `${lead}${lines.join("\n")}${text[offset] === undefined || lead === "" ? "\n" : ""}`,
  };
}
