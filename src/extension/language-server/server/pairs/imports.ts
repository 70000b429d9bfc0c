/** Modules that a script imports, as it names them. Pure. */
import type { Node } from "web-tree-sitter";
import { namedChildren } from "../python/nodes.ts";

export interface ImportedModule {
  /** Dots in front of it: 0 is an absolute one, 1 the module's own package. */
  readonly level: number;
  /** `["pkg", "model"]` */
  readonly parts: readonly string[];
  /** What is taken from it, which may be modules, too. */
  readonly names: readonly string[];
}

export function readModules(root: Node): ImportedModule[] {
  const found: ImportedModule[] = [];
  for (const node of root.descendantsOfType(["import_statement", "import_from_statement"])) {
    if (node === null) continue;
    const names = node
      .childrenForFieldName("name")
      .flatMap((child) => (child === null ? [] : [partsOf(child)]));
    if (node.type === "import_statement")
      found.push(...names.map((parts) => ({ level: 0, parts, names: [] })));
    else {
      const module = node.childForFieldName("module_name");
      if (module === null) continue;
      const dotted = module.type === "relative_import" ? namedChildren(module).at(-1) : module;
      found.push({
        level: module.type === "relative_import" ? (module.firstNamedChild?.text.length ?? 1) : 0,
        parts: dotted?.type === "dotted_name" ? partsOf(dotted) : [],
        names: names.flatMap((parts) => parts.slice(0, 1)),
      });
    }
  }
  return found;
}

function partsOf(node: Node): string[] {
  const dotted = node.type === "aliased_import" ? node.childForFieldName("name") : node;
  return dotted === null ? [] : namedChildren(dotted).map(({ text }) => text);
}
