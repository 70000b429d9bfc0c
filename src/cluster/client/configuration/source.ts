/** A configuration's text as a tree that knows where each key and value stands, the same for each syntax. Pure. */
import type { Located, Places, Span } from "./places.ts";

export type { Located } from "./places.ts";

export const MOST_BYTES = 1024 * 1024;
export const TOO_LARGE = "The configuration is larger than 1 MB.";

export type Path = readonly PropertyKey[];

/** Spans are offsets in the file's text. */
export type TreeNode = MapNode | ListNode | ScalarNode;
export interface MapNode {
  readonly kind: "map";
  readonly span: Span;
  readonly entries: readonly Entry[];
  /**
   * `flow`: in braces. `dotted`: by TOML's dotted keys alone. `implicit`: by the headers of TOML's tables inside of it alone.
   */
  readonly style: "block" | "flow" | "dotted" | "implicit";
}
export interface ListNode {
  readonly kind: "list";
  readonly span: Span;
  readonly items: readonly TreeNode[];
}
export interface ScalarNode {
  readonly kind: "scalar";
  readonly span: Span;
}
export interface Entry {
  readonly key: string;
  readonly keySpan: Span;
  /** Null: nothing stands behind the key. */
  readonly node: TreeNode | null;
  /** All that is the entry's, from its key on; of a TOML table from its header on. */
  readonly whole: Span;
}

export interface Source {
  readonly syntax: "yaml" | "toml";
  readonly file: string;
  /** Of the file what is the configuration, for who shows it. */
  readonly text: string;
  /** Null: it cannot be read, or is empty. */
  readonly root: TreeNode | null;
  /** As far as it can be read: what is broken is left out. */
  readonly value: unknown;
  /** What the syntax refuses. */
  readonly problems: readonly Located[];
  /** Whatever the problems are, the value is all that is written: it can be checked, too. */
  readonly isWhole: boolean;
  readonly places: Places;
}

/** The entry at a path, or the item of a list there; null when there is none. Of a key that is there twice the first. */
export function findNode(
  source: Pick<Source, "root">,
  path: Path,
): { entry: Entry | null; node: TreeNode | null } | null {
  let found: { entry: Entry | null; node: TreeNode | null } = { entry: null, node: source.root };
  for (const part of path) {
    const { node } = found;
    if (node?.kind === "map") {
      const entry = node.entries.find(({ key }) => key === String(part));
      if (!entry) return null;
      found = { entry, node: entry.node };
    } else if (node?.kind === "list") {
      const item = node.items[Number(part)];
      if (!item) return null;
      found = { entry: null, node: item };
    } else return null;
  }
  return found;
}

/** Says something of the value of a path, or of its key; of the nearest one above when there is no such path. */
export function locate(source: Source, path: Path, message: string, what: "key" | "value"): Located {
  for (let length = path.length; length > 0; length--) {
    const found = findNode(source, path.slice(0, length));
    if (found === null) continue;
    const { entry, node } = found;
    const wanted = length === path.length && what === "key" ? "key" : "value";
    const span = (wanted === "key" ? entry?.keySpan : node?.span) ?? node?.span ?? entry?.keySpan;
    if (span) return source.places.located(span, message);
  }
  return source.places.located(source.root?.span ?? [0, 0], message);
}
