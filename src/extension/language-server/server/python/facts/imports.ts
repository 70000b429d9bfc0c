import type { Node } from "web-tree-sitter";
import { namedChildren } from "../nodes.ts";

/** `import a.b as c`, `from a.b import c`, anywhere: `a`. */
export function readImports(root: Node): Set<string> {
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
