/** What one points at. Pure. */
import type { Span } from "../../../../cluster/client/configuration/places.ts";
import type { TreeNode } from "../../../../cluster/client/configuration/source.ts";
import type { Path } from "./document.ts";

interface Pointed {
  readonly path: Path;
  readonly what: "key" | "value";
  readonly span: Span;
}

/** Everything is looked through: a table of TOML may be written in several places. */
export function pointedAt(node: TreeNode | null, offset: number, path: Path = []): Pointed | null {
  const isIn = ([from, to]: Span): boolean => from <= offset && offset <= to;
  if (node?.kind === "map") {
    for (const { key, keySpan, node: value } of node.entries) {
      const inner = [...path, key];
      if (isIn(keySpan)) return { path: inner, what: "key", span: keySpan };
      const found = pointedAt(value, offset, inner);
      if (found) return found;
    }
    return null;
  }
  if (node?.kind === "list") {
    for (const [index, item] of node.items.entries()) {
      const found = pointedAt(item, offset, [...path, index]);
      if (found) return found;
    }
    return null;
  }
  return node && isIn(node.span) ? { path, what: "value", span: node.span } : null;
}
