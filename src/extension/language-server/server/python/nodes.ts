/** Small words for tree-sitter's nodes. */
import type { Node } from "web-tree-sitter";

export function namedChildren(node: Node): Node[] {
  return node.namedChildren.filter((child) => child !== null);
}

/** By offset, for whoever makes LSP's positions of it: tree-sitter's own rows do not count a lone \r as the end of a line. */
export function spanOf({ startIndex, endIndex }: Node): { start: number; end: number } {
  return { start: startIndex, end: endIndex };
}
