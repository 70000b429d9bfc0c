/** Small words for tree-sitter's nodes. Rows and columns are LSP's lines and characters. */
import type { Range } from "vscode-languageserver/node";
import type { Node } from "web-tree-sitter";

export function rangeOf({ startPosition, endPosition }: Node): Range {
  return {
    start: { line: startPosition.row, character: startPosition.column },
    end: { line: endPosition.row, character: endPosition.column },
  };
}

export function namedChildren(node: Node): Node[] {
  return node.namedChildren.filter((child) => child !== null);
}
