/** Tables, sub-tables, dotted keys and inline tables of TOML as one tree, as if each were written nested. Pure. */
import type { AST } from "toml-eslint-parser";
import type { Span } from "./places.ts";
import type { MapNode, TreeNode } from "./source.ts";

interface Built<N extends TreeNode = TreeNode> {
  readonly node: N;
  readonly value: unknown;
}
interface OpenEntry {
  readonly key: string;
  readonly keySpan: Span;
  readonly whole: Span;
  readonly node: OpenNode;
}
/** While it is built; tables may be continued further below. */
type OpenNode =
  OpenMap | { kind: "list"; span: Span; items: OpenNode[] } | { kind: "scalar"; span: Span; value: unknown };
interface OpenMap {
  readonly kind: "map";
  span: Span;
  style: MapNode["style"];
  readonly entries: Map<string, OpenEntry>;
}

type InFile = (offset: number) => number;

export function buildTree(program: AST.TOMLProgram, inFile: InFile): Built {
  const spanOf = ({ range }: { range: AST.Range }): Span => [inFile(range[0]), inFile(range[1])];
  const root = emptyMap(spanOf(program), "block");

  const open = (node: AST.TOMLContentNode): OpenNode => {
    const span = spanOf(node);
    if (node.type === "TOMLArray") return { kind: "list", span, items: node.elements.map(open) };
    if (node.type === "TOMLValue") return { kind: "scalar", span, value: scalarOf(node) };
    const map = emptyMap(span, "flow");
    node.body.forEach((pair) => put(map, pair));
    return map;
  };
  const put = (map: OpenMap, pair: AST.TOMLKeyValue): void => {
    const keys = pair.key.keys;
    const whole = spanOf(pair);
    let at = map;
    for (const [index, key] of keys.entries()) {
      const isLast = index === keys.length - 1;
      const name = nameOf(key);
      const entry: OpenEntry | undefined = at.entries.get(name);
      const node = isLast ? open(pair.value) : (entry?.node ?? emptyMap(whole, "dotted"));
      if (isLast || entry === undefined)
        at.entries.set(name, { key: name, keySpan: spanOf(key), whole, node });
      if (node.kind !== "map") return;
      at = node;
    }
  };
  const enter = (table: AST.TOMLTable): OpenMap | null => {
    const keys = table.key.keys;
    let at = root;
    for (const [index, key] of keys.entries()) {
      const name = nameOf(key);
      const isItem = table.kind === "array" && index === keys.length - 1;
      const known = at.entries.get(name);
      let node: OpenNode =
        known?.node ??
        (isItem ? { kind: "list", span: spanOf(table), items: [] } : emptyMap(spanOf(table), "implicit"));
      if (known === undefined)
        at.entries.set(name, { key: name, keySpan: spanOf(key), whole: spanOf(table), node });
      if (node.kind === "list") {
        if (isItem) node.items.push(emptyMap(spanOf(table), "block"));
        const last: OpenNode | undefined = node.items.at(-1);
        if (last === undefined) return null;
        node = last;
      }
      if (node.kind !== "map") return null;
      at = node;
      if (index === keys.length - 1) [at.span, at.style] = [spanOf(table), "block"];
    }
    return at;
  };

  for (const item of program.body[0].body) {
    if (item.type === "TOMLKeyValue") put(root, item);
    else {
      const map = enter(item);
      if (map !== null) item.body.forEach((pair) => put(map, pair));
    }
  }
  return closed(root);
}

function emptyMap(span: Span, style: MapNode["style"]): OpenMap {
  return { kind: "map", span, style, entries: new Map() };
}

function nameOf(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}

/** Dates are what is written: a configuration knows none. */
function scalarOf(node: AST.TOMLValue): unknown {
  return node.value instanceof Date && "datetime" in node ? node.datetime : node.value;
}

function closed(open: OpenNode): Built {
  if (open.kind === "scalar") return { node: { kind: "scalar", span: open.span }, value: open.value };
  if (open.kind === "list") {
    const items = open.items.map(closed);
    const node = { kind: "list", span: open.span, items: items.map(({ node }) => node) } as const;
    return { node, value: items.map(({ value }) => value) };
  }
  const entries = [...open.entries.values()].map((entry) => ({ entry, built: closed(entry.node) }));
  return {
    node: {
      kind: "map",
      span: open.span,
      style: open.style,
      entries: entries.map(({ entry, built }) => ({ ...entry, node: built.node })),
    },
    value: Object.fromEntries(entries.map(({ entry, built }) => [entry.key, built.value])),
  };
}
