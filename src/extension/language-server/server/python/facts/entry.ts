import type { Range } from "vscode-languageserver/node";
import type { Source } from "../source.ts";
import type { Syntax } from "../syntax.ts";

const DECLARATIONS = new Set([
  ...["import_statement", "import_from_statement", "future_import_statement"],
  ...["function_definition", "class_definition", "decorated_definition"],
]);

/** Where a script begins to do something. */
export function readEntry(root: Syntax, source: Source): Range | null {
  const top = root.children;
  const begins =
    top.find((node) => isMainGuard(node, source)) ??
    top.find((node) => !DECLARATIONS.has(node.type) && !isText(node)) ??
    null;
  return begins === null ? null : source.range(begins);
}

/** `if __name__ == "__main__":`, either way round. */
function isMainGuard(node: Syntax, source: Source): boolean {
  if (node.type !== "if_statement") return false;
  const condition = node.child("condition");
  if (condition?.type !== "comparison_operator") return false;
  const sides = condition.children.map((side) => source.of(side));
  return sides.includes("__name__") && sides.some((side) => /^['"]__main__['"]$/.test(side));
}

function isText(node: Syntax): boolean {
  return node.type === "expression_statement" && node.children[0]?.type === "string";
}
