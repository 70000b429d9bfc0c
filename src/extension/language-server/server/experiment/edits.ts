/** Changes of an experiment's text that keep everything else as it is written. Pure. */
import type { Fix, Span } from "../../../../cluster/client/configuration/places.ts";
import {
  type Entry,
  findNode,
  type MapNode,
  type Source,
  type TreeNode,
} from "../../../../cluster/client/configuration/source.ts";
import type { Json } from "../../../../cluster/protocol/base.ts";
import type { Path } from "./document.ts";
import { lineStart } from "./lineStart.ts";
import { keyText, valueText } from "./written.ts";

export interface Edit {
  readonly span: Span;
  readonly text: string;
}
/** @property text of the whole file */
export interface Written {
  readonly source: Source;
  readonly text: string;
}

/** @param marked where the problem is */
export function editsOf(written: Written, fix: Fix, marked: Span): Edit[] {
  if ("replace" in fix) return [{ span: marked, text: fix.replace }];
  if ("remove" in fix) {
    const span = removalOf(written, marked[0]);
    return span ? [{ span, text: "" }] : [];
  }
  return fix.set.map(([path, value]) => {
    const node = findNode(written.source, path)?.node ?? null;
    const isEmpty = node === null || node.span[0] === node.span[1];
    const text = valueText(written.source.syntax, value);
    if (!isEmpty) return { span: node.span, text };
    const entry = findNode(written.source, path)?.entry;
    return entry
      ? { span: [entry.keySpan[1] + 1, entry.keySpan[1] + 1], text: ` ${text}` }
      : insertionOf(written, path, value);
  });
}

/** Writes a key that is not there yet, with the maps around it that are not there either. */
export function insertionOf(written: Written, path: Path, value: Json): Edit {
  const { source } = written;
  let depth = path.length - 1;
  while (depth > 0 && !canHold(findNode(source, path.slice(0, depth)))) depth -= 1;
  const parent = findNode(source, path.slice(0, depth));
  const keys = path.slice(depth).map((key) => keyText(source.syntax, String(key)));
  const map = parent?.node?.kind === "map" ? parent.node : null;
  if (map?.style === "flow") return intoBraces(source.syntax, map, nested(source.syntax, keys, value));
  return source.syntax === "yaml"
    ? yamlLines(written, parent?.entry ?? null, map, keys, value)
    : tomlLine(written, map, path.slice(0, depth), `${keys.join(".")} = ${valueText("toml", value)}`);
}

function canHold(found: { node: TreeNode | null } | null): boolean {
  if (found === null) return false;
  const { node } = found;
  return node === null || node.kind === "map" || (node.kind === "scalar" && node.span[0] === node.span[1]);
}

/** `a: {b: 1}`, `a.b = 1` */
function nested(syntax: Source["syntax"], keys: readonly string[], value: Json): string {
  if (syntax === "toml") return `${keys.join(".")} = ${valueText(syntax, value)}`;
  return keys.reduceRight(
    (inner, key, index) => {
      const isLast = index === keys.length - 1;
      return `${key}: ${isLast ? inner : `{${inner}}`}`;
    },
    valueText(syntax, value),
  );
}

function intoBraces(syntax: Source["syntax"], { span, entries }: MapNode, pair: string): Edit {
  const last = entries.at(-1);
  if (last) return { span: [last.whole[1], last.whole[1]], text: `, ${pair}` };
  return { span: [span[0] + 1, span[0] + 1], text: syntax === "toml" ? ` ${pair} ` : pair };
}

function yamlLines(
  { text }: Written,
  entry: Entry | null,
  map: MapNode | null,
  keys: readonly string[],
  value: Json,
): Edit {
  const first = map?.entries[0];
  const last = map?.entries.at(-1);
  const column = first ? columnOf(text, first.keySpan[0]) : entry ? columnOf(text, entry.keySpan[0]) + 2 : 0;
  const lines = keys.map((key, index) => {
    const isLast = index === keys.length - 1;
    return `${" ".repeat(column + index * 2)}${key}:${isLast ? ` ${valueText("yaml", value)}` : ""}`;
  });
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const behind = last?.whole[1] ?? entry?.keySpan[1];
  if (behind === undefined) {
    const lead = text === "" || text.endsWith("\n") ? "" : eol;
    return { span: [text.length, text.length], text: `${lead}${lines.join(eol)}${eol}` };
  }
  const at = endOfLine(text, behind);
  return { span: [at, at], text: lines.map((line) => eol + line).join("") };
}

function tomlLine({ source, text }: Written, map: MapNode | null, path: Path, pair: string): Edit {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const dotted = path.map((key) => keyText("toml", String(key)));
  if (map?.style === "block") {
    const at = endOfLine(text, map.span[1]);
    return { span: [at, at], text: `${eol}# ${pair}` };
  }
  if (map?.style === "dotted") {
    // Beside the others, as they are written.
    const at = endOfLine(text, map.span[1]);
    const own = lineAt(text, map.span[0]).replace(/^# */, "");
    const lead = own.slice(0, Math.max(0, own.indexOf(dotted.at(-1) ?? "")));
    return { span: [at, at], text: `${eol}# ${lead}${dotted.at(-1)}.${pair}` };
  }
  const header = `# [${["tool", "trainyard", ...dotted].join(".")}]${eol}# ${pair}${eol}`;
  const at = lineStart(text, map?.span[0] ?? source.root?.span[0] ?? 0);
  return { span: [at, at], text: `${header}#${eol}` };
}

/** All of the entry whose key begins there, with its line. */
function removalOf({ source, text }: Written, at: number): Span | null {
  const chain = chainTo(source.root, at);
  // The last entry of a map takes the map's own key with it: nothing would be no map.
  while (isOnlyEntry(chain)) chain.pop();
  const found = chain.at(-1);
  if (!found) return null;
  const { map, entry } = found;
  const index = map.entries.indexOf(entry);
  const next = map.entries[index + 1];
  const [from, to] = entry.whole;
  const isAlone = /^(?:# )?\s*\[?[\w.-]*$/.test(text.slice(lineStart(text, from), from));
  if (map.style !== "flow" && isAlone)
    return [
      lineStart(text, from),
      Math.min(text.length, endOfLine(text, to) + eolLength(text, endOfLine(text, to))),
    ];
  if (next) return [from, next.whole[0]];
  const previous = map.entries[index - 1];
  return [map.style === "flow" && previous ? previous.whole[1] : from, to];
}

function isOnlyEntry(chain: readonly { map: MapNode; entry: Entry }[]): boolean {
  const [above, last] = [chain.at(-2), chain.at(-1)];
  if (!above || !last || last.map.style === "flow" || last.map.entries.length > 1) return false;
  return above.entry.node === last.map;
}

/** From the top down to the entry whose key begins there. */
function chainTo(node: TreeNode | null, at: number): { map: MapNode; entry: Entry }[] {
  if (node?.kind === "list") {
    for (const item of node.items) {
      const found = chainTo(item, at);
      if (found.length > 0) return found;
    }
  }
  if (node?.kind !== "map") return [];
  for (const entry of node.entries) {
    if (entry.keySpan[0] === at) return [{ map: node, entry }];
    const found = chainTo(entry.node, at);
    if (found.length > 0) return [{ map: node, entry }, ...found];
  }
  return [];
}

/** Of the line on which the last character before `at` is that is no line's end. */
function endOfLine(text: string, at: number): number {
  let from = Math.min(at, text.length);
  while (from > 0 && /[\r\n]/.test(text[from - 1] ?? "")) from -= 1;
  const end = text.indexOf("\n", from);
  if (end < 0) return text.length;
  return text[end - 1] === "\r" ? end - 1 : end;
}

function eolLength(text: string, end: number): number {
  return text[end] === "\r" ? 2 : 1;
}

function lineAt(text: string, at: number): string {
  return text.slice(lineStart(text, at), endOfLine(text, at));
}

function columnOf(text: string, at: number): number {
  return at - lineStart(text, at);
}
