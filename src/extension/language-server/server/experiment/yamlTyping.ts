/**
 * What is typed at a place of YAML: the text is parsed with a mark at the cursor, and where the mark comes out is what is typed.
 * That holds for every way to write it; where the parser loses it, lines and their indent have to do. Pure.
 */
import { isMap, isPair, isScalar, isSeq, type Scalar, type YAMLMap } from "yaml";
import type { Range } from "vscode-languageserver/node";
import type { Span } from "../../../../cluster/client/configuration/places.ts";
import { findNode, type Source } from "../../../../cluster/client/configuration/source.ts";
import { parseYaml } from "../../../../cluster/client/configuration/yamlSource.ts";
import type { Path, Typing } from "./document.ts";
import { lineStart } from "./lineStart.ts";
import { typingByLines } from "./yamlLines.ts";
import { partAround } from "./yamlPart.ts";

/** A character that nobody writes. */
const MARK = "\uE000";
/** Of longer files not all is parsed at each key, where that can be. */
const SHORT = 2000;
/** Longer files are not parsed at each key. */
const LONG = 200_000;

interface Found {
  readonly what: "key" | "value";
  readonly path: Path;
  readonly scalar: Scalar;
  /** That holds it, whichever it is. */
  readonly map: YAMLMap | null;
  /** Of a value: the offset of its key; null for an item of a list. */
  readonly keyAt: number | null;
  readonly isFlow: boolean;
}

export function yamlTyping(
  source: Source,
  text: string,
  offset: number,
  range: (span: Span) => Range,
): Typing | null {
  const part = text.length > SHORT ? partAround(text, offset) : null;
  if (part === null) return typingIn(text, offset, range);
  const { shift } = part;
  const typing = typingIn(part.text, offset - shift, ([from, to]) => range([from + shift, to + shift]));
  if (typing?.what !== "key") return typing;
  // What is beside it was not parsed again.
  const map = findNode(source, typing.path)?.node;
  const beside = map?.kind === "map" ? map.entries : [];
  const keys = beside.filter(({ keySpan: [from, to] }) => offset < from || to < offset).map(({ key }) => key);
  // A word that is begun runs into the key below it, which lines tell.
  const byLines = typingByLines(text, offset, range);
  const isSame = byLines?.what === "key" && byLines.path.join(".") === typing.path.join(".");
  return {
    ...typing,
    present: [...new Set([...keys, ...typing.present, ...(isSame ? byLines.present : [])])],
  };
}

/** By parsing all of the text. */
export function typingIn(text: string, offset: number, range: (span: Span) => Range): Typing | null {
  const start = lineStart(text, offset);
  if (isInComment(text.slice(start, offset))) return null;
  if (/^\s*[\w.-]+:$/.test(text.slice(start, offset))) return null; // a value comes after a space
  // Tabs are no indent to the parser, but they are to who typed them.
  if (text.length > LONG || /^ *\t/.test(text.slice(start, offset)))
    return typingByLines(text, offset, range);
  const before = text.slice(0, offset);
  // What is typed right before a comment is no part of it.
  const plain = findMark(before + MARK + (text[offset] === "#" ? " " : "") + text.slice(offset));
  if (plain && isOnOneLine(plain, text)) return typingOf(plain, text, offset, range);
  // A bare word runs into the line below it; as a key it does not.
  const word = /^[\w.-]*/.exec(text.slice(offset))?.[0] ?? "";
  const isBare =
    /^\s*[\w.-]*$/.test(text.slice(start, offset)) &&
    /^[ \t]*(#|\r?\n|$)/.test(text.slice(offset + word.length));
  if (!isBare)
    return plain?.scalar.type?.startsWith("BLOCK") === true ? null : typingByLines(text, offset, range);
  if (plain?.scalar.type?.startsWith("BLOCK") === true) return null;
  const asKey = findMark(`${before}${word}${MARK}:${text.slice(offset + word.length)}`);
  if (asKey?.what !== "key" || !isOnOneLine(asKey, text)) return typingByLines(text, offset, range);
  const from = offset - (/[\w.-]*$/.exec(before)?.[0].length ?? 0);
  return {
    ...keyTyping(asKey, from - start),
    range: range([from, offset + word.length]),
    text: text.slice(from, offset),
  };
}

function typingOf(found: Found, text: string, offset: number, range: (span: Span) => Range): Typing | null {
  const { scalar, path, keyAt, isFlow } = found;
  const [from, to] = spanOf(scalar);
  if (scalar.type?.startsWith("BLOCK") === true) return null;
  const isQuoted = scalar.type === "QUOTE_DOUBLE" || scalar.type === "QUOTE_SINGLE";
  const isEnded = isQuoted && to - 1 > from + 1 && text[to - 2] === text[from];
  const span: Span = isQuoted ? [from + 1, to - 1 - (isEnded ? 1 : 0)] : [from, to - 1];
  const typed = text.slice(span[0], offset);
  const start = lineStart(text, from);
  if (!isQuoted && typed.endsWith(":")) return null; // a value comes after a space
  if (found.what === "key") {
    return {
      ...keyTyping(found, from - start),
      range: range(span),
      text: typed,
      isQuoted,
      hasValue: /^["']?[ \t]*:/.test(text.slice(span[1])),
    };
  }
  const isBelow = path.length === 0 || (keyAt !== null && keyAt < start && !isFlow);
  if (isBelow && !isQuoted)
    return { ...keyTyping({ ...found, map: null }, from - start), range: range(span), text: typed };
  return {
    what: "value",
    path,
    range: range(span),
    text: typed,
    present: [],
    indent: " ".repeat(from - start),
    style: isFlow ? "flow" : "block",
    canBeKey: keyAt === null && !isQuoted,
    isQuoted,
    hasValue: false,
  };
}

function keyTyping({ map, path, isFlow }: Found, column: number): Omit<Typing, "range" | "text"> {
  const keys = (map?.items ?? []).flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : []));
  return {
    what: "key",
    path,
    present: keys.filter((key) => !key.includes(MARK)),
    indent: " ".repeat(column),
    style: isFlow ? "flow" : "block",
    canBeKey: true,
    isQuoted: false,
    hasValue: false,
  };
}

function findMark(marked: string): Found | null {
  const document = parseYaml(marked);
  const at = marked.indexOf(MARK);
  try {
    return find(document?.contents, at, { path: [], keyAt: null, isFlow: false });
  } catch {
    return null; // nested too deeply
  }
}

function find(
  node: unknown,
  at: number,
  where: { path: Path; keyAt: number | null; isFlow: boolean },
): Found | null {
  if (isScalar(node)) return hasMark(node, at) ? { what: "value", scalar: node, map: null, ...where } : null;
  if (isSeq(node)) {
    const isFlow = node.flow === true || where.isFlow;
    for (const [index, item] of node.items.entries()) {
      // `[a: 1]` is a map in a list.
      const found = isPair(item)
        ? null
        : find(item, at, { path: [...where.path, index], keyAt: null, isFlow });
      if (found) return found;
    }
    return null;
  }
  if (!isMap(node)) return null;
  const isFlow = node.flow === true || where.isFlow;
  for (const { key, value } of node.items) {
    if (!isScalar(key)) continue;
    if (hasMark(key, at))
      return { what: "key", path: where.path, scalar: key, map: node, keyAt: null, isFlow };
    const found = find(value, at, {
      path: [...where.path, String(key.value)],
      keyAt: key.range?.[0] ?? null,
      isFlow,
    });
    if (found) return found;
  }
  return null;
}

function hasMark(scalar: Scalar, at: number): boolean {
  const [from, to] = spanOf(scalar);
  return from <= at && at < to;
}

function spanOf({ range }: Scalar): Span {
  return range ? [range[0], range[1]] : [0, 0];
}

function isOnOneLine({ scalar }: Found, text: string): boolean {
  const [from, to] = spanOf(scalar);
  return !text.slice(from, to - 1).includes("\n");
}

/** A `#` behind a blank, outside of quotes. */
function isInComment(before: string): boolean {
  const bare = before.replace(/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'/g, (quoted) => "x".repeat(quoted.length));
  return /(^|\s)#/.test(bare) && !/(^|[\s:[{,])["'][^"']*#/.test(bare);
}
