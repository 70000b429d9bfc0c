/**
 * A script's syntax tree as plain objects of ours: named nodes only. tree-sitter's own lie in the memory of WebAssembly, where each look
 * at one is a call; what is read from a script looks at most of them several times.
 */
import type { Language, Tree } from "web-tree-sitter";

export class Syntax {
  readonly type: string;
  /** Offsets in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** What it is to its parent: `function`, `arguments`, `left`, ...; null where the grammar gives no name. */
  readonly field: string | null;
  readonly parent: Syntax | null;
  readonly children: Syntax[] = [];

  constructor(type: string, start: number, end: number, field: string | null, parent: Syntax | null) {
    this.type = type;
    this.start = start;
    this.end = end;
    this.field = field;
    this.parent = parent;
  }

  child(field: string): Syntax | null {
    return this.children.find((child) => child.field === field) ?? null;
  }

  all(field: string): Syntax[] {
    return this.children.filter((child) => child.field === field);
  }

  /** Children but comments, which may stand anywhere. */
  get parts(): Syntax[] {
    return this.children.filter(({ type }) => type !== "comment");
  }
}

/** Of these nobody asks what their children are to them: to ask the cursor takes time. */
const WITHOUT_FIELDS = new Set([
  ...["module", "block", "expression_statement", "argument_list", "list", "tuple", "dictionary", "string"],
  ...["expression_list", "parenthesized_expression", "ERROR"],
]);
/** Nothing below them is looked at. */
const LEAVES = new Set([
  ...[
    "identifier",
    "integer",
    "float",
    "comment",
    "string_content",
    "string_start",
    "string_end",
    "true",
    "false",
  ],
  ...["none", "ellipsis", "pass_statement", "break_statement", "continue_statement", "escape_sequence"],
]);
const LEFT_OUT = new Set(["comment", "string_start", "string_end", "escape_sequence", "type_conversion"]);
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

/** Iterates, so that no depth of nesting is too deep. */
export function syntaxOf(tree: Tree): Syntax {
  const { of, fields } = kindsOf(tree.language);
  const cursor = tree.walk();
  try {
    const root = new Syntax("module", cursor.startIndex, cursor.endIndex, null, null);
    let parent: Syntax = root;
    let parentHasFields = false;
    if (!cursor.gotoFirstChild()) return root;
    for (;;) {
      const kind = of[cursor.nodeTypeId];
      if (kind?.isKept === true) {
        const field = parentHasFields ? (fields[cursor.currentFieldId] ?? null) : null;
        const node = new Syntax(kind.type, cursor.startIndex, cursor.endIndex, field, parent);
        parent.children.push(node);
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
