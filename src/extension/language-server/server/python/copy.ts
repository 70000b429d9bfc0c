/**
 * Copies a syntax tree into plain objects. tree-sitter's own lie in the memory of WebAssembly, where each look at one is a call; what
 * is read from a script looks at most of them several times.
 */
import type { Language, Tree } from "web-tree-sitter";
import { Syntax } from "./syntax.ts";
import { mendCalls } from "./unfinished.ts";

/** Of these nobody asks what their children are to them: to ask the cursor takes time. */
const WITHOUT_FIELDS = words(
  "module block expression_statement argument_list list tuple dictionary string expression_list parenthesized_expression ERROR",
);
/** Nothing below them is looked at. */
const LEAVES = words(
  "identifier integer float string_content true false none ellipsis pass_statement break_statement continue_statement",
);
const LEFT_OUT = words("comment string_start string_end escape_sequence type_conversion");
const ERROR_TYPE = 65535;

interface Kind {
  readonly type: string;
  readonly isKept: boolean;
  readonly isLeaf: boolean;
  readonly hasFields: boolean;
}

/** By the number of a type of node. */
let kinds: { language: Language; of: Kind[]; fields: (string | null)[] } | undefined;

function kindsOf(language: Language): NonNullable<typeof kinds> {
  if (kinds?.language === language) return kinds;
  const of = language.types.map((type, id) => ({
    type,
    isKept: language.nodeTypeIsNamed(id) && !LEFT_OUT.has(type),
    isLeaf: LEAVES.has(type),
    hasFields: !WITHOUT_FIELDS.has(type),
  }));
  of[ERROR_TYPE] = { type: "ERROR", isKept: true, isLeaf: false, hasFields: false };
  return (kinds = { language, of, fields: [...language.fields] });
}

export function syntaxOf(tree: Tree, text: string): Syntax {
  const errors: Syntax[] = [];
  const root = copy(tree, errors);
  for (const error of errors) mendCalls(error, text);
  return root;
}

/** Iterates, so that no depth of nesting is too deep. */
function copy(tree: Tree, errors: Syntax[]): Syntax {
  const { of, fields } = kindsOf(tree.language);
  const cursor = tree.walk();
  try {
    const root = new Syntax("module", cursor.startIndex, cursor.endIndex, null, null);
    if (cursor.nodeTypeId === ERROR_TYPE) errors.push(root);
    let parent: Syntax = root;
    let parentHasFields = false;
    if (!cursor.gotoFirstChild()) return root;
    for (;;) {
      const kind = of[cursor.nodeTypeId];
      if (kind?.isKept === true) {
        const field = parentHasFields ? (fields[cursor.currentFieldId] ?? null) : null;
        const node = new Syntax(kind.type, cursor.startIndex, cursor.endIndex, field, parent);
        parent.children.push(node);
        if (kind.type === "ERROR") errors.push(node);
        if (!kind.isLeaf && cursor.gotoFirstChild()) {
          parent = node;
          parentHasFields = kind.hasFields;
          continue;
        }
      }
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent() || parent.parent === null) return root;
        parent = parent.parent;
        parentHasFields = !WITHOUT_FIELDS.has(parent.type);
      }
    }
  } finally {
    cursor.delete();
  }
}

function words(text: string): Set<string> {
  return new Set(text.split(" "));
}
