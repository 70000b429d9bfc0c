/** What a look at the surface of a script tells, at a small part of the cost of its facts: the first lens waits for no more. Pure. */
import type { Range } from "vscode-languageserver/node";
import type { Node } from "web-tree-sitter";
import { namedChildren, spanOf } from "./nodes.ts";
import { Source } from "./source.ts";

export interface Glance {
  /** Top-level modules that are imported anywhere in it. */
  readonly imports: ReadonlySet<string>;
  /** The line above which lenses stand: `if __name__ == "__main__":`, else the first statement that declares nothing. */
  readonly entry: Range | null;
}

const DECLARATIONS = new Set([
  ...["import_statement", "import_from_statement", "future_import_statement", "comment"],
  ...["function_definition", "class_definition", "decorated_definition"],
]);

export function readGlance(root: Node, text: string): Glance {
  return { imports: readImports(root), entry: readEntry(root, text) };
}

export function readEntry(root: Node, text: string): Range | null {
  const top = namedChildren(root);
  const begins = top.find(isMainGuard) ?? top.find((node) => !DECLARATIONS.has(node.type) && !isText(node));
  return begins ? new Source(text).range(spanOf(begins)) : null;
}

/** `import a.b as c`, `from a.b import c`: `a`. All of a long script takes the parser some milliseconds, too much for each key. */
function readImports(root: Node): Set<string> {
  const found = new Set<string>();
  for (const node of root.descendantsOfType(["import_statement", "import_from_statement"])) {
    if (node === null) continue;
    const modules =
      node.type === "import_statement"
        ? namedChildren(node).map((child) =>
            child.type === "aliased_import" ? child.childForFieldName("name") : child,
          )
        : [node.childForFieldName("module_name")];
    for (const name of modules)
      if (name?.type === "dotted_name") found.add(name.firstNamedChild?.text ?? name.text);
  }
  return found;
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
