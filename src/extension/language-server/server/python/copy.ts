/**
 * Copies a syntax tree into plain objects. tree-sitter's own lie in the memory of WebAssembly, where each look at one is a call; what
 * is read from a script looks at most of them several times.
 */
import type { Language, Tree, TreeCursor } from "web-tree-sitter";
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

/** Statements of the module without a mistake, by their text: one that was not edited is not copied again. */
export type Statements = Map<string, Syntax[]>;

/**
 * Iterates, so that no depth of nesting is too deep.
 * @param known of an earlier text of the same script. What is taken from it belongs to this tree from then on; it holds this one's afterwards.
 */
export function syntaxOf(tree: Tree, text: string, known?: Statements): Syntax {
  const { of, fields } = kindsOf(tree.language);
  const errors: Syntax[] = [];
  const before = new Map(known);
  known?.clear();
  const cursor = tree.walk();
  try {
    const root = new Syntax("module", cursor.startIndex, cursor.endIndex, null, null);
    if (cursor.nodeTypeId === ERROR_TYPE) errors.push(root);
    for (let more = cursor.gotoFirstChild(); more; more = cursor.gotoNextSibling()) {
      const kind = of[cursor.nodeTypeId];
      if (kind?.isKept !== true) continue;
      const [start, end] = [cursor.startIndex, cursor.endIndex];
      const key = known && !kind.isLeaf ? `${kind.type} ${text.slice(start, end)}` : "";
      let statement = key === "" ? undefined : before.get(key)?.pop();
      if (statement) {
        statement.move(root, null);
        statement.shift(start - statement.start);
      } else {
        statement = new Syntax(kind.type, start, end, null, root);
        if (kind.type === "ERROR") errors.push(statement);
        if (!kind.isLeaf) copyBelow(statement, kind, cursor, of, fields, errors);
      }
      root.children.push(statement);
      if (known && key !== "" && !cursor.currentNode.hasError) {
        const alike = known.get(key);
        if (alike) alike.push(statement);
        else known.set(key, [statement]);
      }
    }
    for (const error of errors) mendCalls(error, text);
    return root;
  } finally {
    cursor.delete();
  }
}

/** What is below the cursor, which stands there again in the end. */
function copyBelow(
  top: Syntax,
  kindOfTop: Kind,
  cursor: TreeCursor,
  of: readonly Kind[],
  fields: readonly (string | null)[],
  errors: Syntax[],
): void {
  let parent = top;
  let parentHasFields = kindOfTop.hasFields;
  if (!cursor.gotoFirstChild()) return;
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
      cursor.gotoParent();
      if (parent === top || parent.parent === null) return;
      parent = parent.parent;
      parentHasFields = !WITHOUT_FIELDS.has(parent.type);
    }
  }
}

function words(text: string): Set<string> {
  return new Set(text.split(" "));
}
