/** The call that defines a flag: its options, and what says the name that Python has for it. Pure. */
import type { Range } from "vscode-languageserver/node";
import type { Node } from "web-tree-sitter";
import { namedChildren, spanOf } from "../python/nodes.ts";
import type { Read } from "./parameters.ts";

export interface Option {
  /** Without dashes in front. */
  readonly name: string;
  readonly dashes: number;
  /** Of the name. */
  readonly range: Range;
  /** Of the literal with its quotes. */
  readonly literal: Range;
}

/** The call at a read, with its arguments; null where a flag is defined in another way (a field of a dataclass). */
export function definitionOf({ read, file }: Read): { called: string; list: Node } | null {
  const { start, end } = read.range;
  const { document, script } = file;
  let node = script.tree.rootNode.descendantForIndex(document.offsetAt(start), document.offsetAt(end));
  while (node !== null && node.type !== "call") node = node.parent;
  const list = node?.childForFieldName("arguments");
  const called = node?.childForFieldName("function");
  const name = called?.type === "attribute" ? called.childForFieldName("attribute") : called;
  return list && name ? { called: name.text, list } : null;
}

export function flagsOf(read: Read): Option[] {
  const definition = definitionOf(read);
  if (definition === null) return [];
  const { document } = read.file;
  const rangeOf = (start: number, end: number): Range => ({
    start: document.positionAt(start),
    end: document.positionAt(end),
  });
  return namedChildren(definition.list).flatMap((node) => {
    const content =
      node.type === "string" ? namedChildren(node).filter(({ type }) => type === "string_content") : [];
    const [only] = content;
    if (content.length !== 1 || only === undefined || only.startPosition.row !== only.endPosition.row)
      return [];
    // `--lr/--no-lr` of click.
    const [, before = "", name = ""] = /^(-*)([^/\s]+)/.exec(only.text) ?? [];
    const from = only.startIndex + before.length;
    const { start, end } = spanOf(node);
    return name === ""
      ? []
      : [
          {
            name,
            dashes: before.length,
            range: rangeOf(from, from + name.length),
            literal: rangeOf(start, end),
          },
        ];
  });
}

/** Whether it has a named argument. */
export function hasArgument(list: Node, name: string): boolean {
  return namedChildren(list).some(
    (node) => node.type === "keyword_argument" && node.childForFieldName("name")?.text === name,
  );
}

/** Options that the command line knows it by, as they are written; none where a library makes them. */
export function optionsOf(read: Read): string[] {
  return flagsOf(read)
    .filter(({ dashes }) => dashes > 0)
    .sort((a, b) => b.dashes - a.dashes)
    .map(({ name }) => name);
}
