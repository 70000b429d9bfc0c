import type { Range } from "vscode-languageserver/node";
import type { Node } from "web-tree-sitter";
import { namedChildren, rangeOf } from "../nodes.ts";

const DECLARATIONS = new Set([
  "import_statement",
  "import_from_statement",
  "future_import_statement",
  "comment",
  "function_definition",
  "class_definition",
  "decorated_definition",
]);

/** Where a script begins to do something. */
export function readEntry(root: Node): Range | null {
  const top = namedChildren(root);
  const begins =
    top.find(isMainGuard) ?? top.find((node) => !DECLARATIONS.has(node.type) && !isText(node)) ?? null;
  return begins === null ? null : rangeOf(begins);
}

/** `if __name__ == "__main__":`, either way round. */
function isMainGuard(node: Node): boolean {
  if (node.type !== "if_statement") return false;
  const condition = node.childForFieldName("condition");
  if (condition?.type !== "comparison_operator") return false;
  const sides = namedChildren(condition).map(({ text }) => text);
  return sides.includes("__name__") && sides.some((side) => /^['"]__main__['"]$/.test(side));
}

function isText(node: Node): boolean {
  return node.type === "expression_statement" && node.firstNamedChild?.type === "string";
}
