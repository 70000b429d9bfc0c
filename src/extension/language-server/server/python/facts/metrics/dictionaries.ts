/** What is reported as a dictionary: a literal, `dict(...)`, a name that one was given to in the same function, what a function returns. */
import type { Syntax } from "../../syntax.ts";
import { argumentsOf } from "../calls.ts";
import type { Reading } from "../reading.ts";
import type { Scope } from "../scopes.ts";

export interface Key {
  readonly value: string;
  readonly span: { readonly start: number; readonly end: number };
}

export interface Keys {
  readonly keys: readonly Key[];
  /** There are others, which cannot be told. */
  readonly hasMore: boolean;
}

const UNTOLD: Keys = { keys: [], hasMore: true };
const MOST_DEPTH = 4;

/** Of a dictionary in it the keys are joined to its own by a dot, as W&B and Determined do. */
export function keysOf(node: Syntax | null, scope: Scope, reading: Reading, depth = 0): Keys {
  if (node === null || depth > MOST_DEPTH) return UNTOLD;
  switch (node.type) {
    case "dictionary":
      return joined(node.children.map((part) => ofPart(part, scope, reading, depth)));
    case "parenthesized_expression":
      return keysOf(node.children[0] ?? null, scope, reading, depth + 1);
    case "identifier":
      return ofName(reading.source.of(node), scope, reading, depth);
    case "call":
      return ofCall(node, scope, reading, depth);
    case "binary_operator": // a | b
      return joined(node.children.map((part) => keysOf(part, scope, reading, depth + 1)));
    default:
      return UNTOLD;
  }
}

function ofPart(part: Syntax, scope: Scope, reading: Reading, depth: number): Keys {
  if (part.type === "dictionary_splat") return keysOf(part.children[0] ?? null, scope, reading, depth + 1);
  const key = part.type === "pair" ? reading.string(part.child("key")) : null;
  if (key === null) return UNTOLD;
  const value = part.child("value");
  if (value?.type !== "dictionary") return { keys: [{ value: key.value, span: key }], hasMore: false };
  const { keys, hasMore } = keysOf(value, scope, reading, depth + 1);
  return { keys: keys.map((one) => ({ ...one, value: `${key.value}.${one.value}` })), hasMore };
}

function ofCall(node: Syntax, scope: Scope, reading: Reading, depth: number): Keys {
  const called = reading.values.of(node.child("function"), scope);
  if (called.path === "builtins.dict") {
    const { named, positional, splats } = argumentsOf(reading.source, node);
    return joined([
      ...[...positional, ...splats].map((one) => keysOf(one, scope, reading, depth + 1)),
      { keys: [...named.values()].map(({ name }) => keyOfName(name, reading)), hasMore: false },
    ]);
  }
  const { function: owner } = called;
  if (owner === undefined || owner.returns.length === 0) return UNTOLD;
  return joined(owner.returns.map((one) => keysOf(one, owner.scope, reading, depth + 1)));
}

/** `metrics = {...}`, then `metrics["accuracy"] = ...` and `metrics.update(...)`. */
function ofName(name: string, scope: Scope, reading: Reading, depth: number): Keys {
  const bindings = scope.names.get(name) ?? [];
  if (bindings.length === 0)
    return scope.parent?.names.has(name) ? ofName(name, scope.parent, reading, depth) : UNTOLD;
  const found = bindings.map((one) =>
    one.is === "value" ? keysOf(one.node, one.scope, reading, depth + 1) : UNTOLD,
  );
  for (const { node, scope: where } of reading.nodes("assignment")) {
    const left = node.child("left");
    if (where !== scope || left?.type !== "subscript" || !isName(left.child("value"), name, reading))
      continue;
    const key = reading.string(left.child("subscript"));
    found.push(key ? { keys: [{ value: key.value, span: key }], hasMore: false } : UNTOLD);
  }
  for (const { node, scope: where, args } of reading.calls.filter((one) => one.name === "update"))
    if (where === scope && isName(node.child("function")?.child("object") ?? null, name, reading))
      found.push(
        ...[...args.positional, ...args.splats].map((one) => keysOf(one, scope, reading, depth + 1)),
        { keys: [...args.named.values()].map((one) => keyOfName(one.name, reading)), hasMore: false },
      );
  return joined(found);
}

export function keyOfName(name: Syntax, reading: Reading): Key {
  return { value: reading.source.of(name), span: name };
}

function isName(node: Syntax | null, name: string, reading: Reading): boolean {
  return node?.type === "identifier" && reading.source.of(node) === name;
}

function joined(all: readonly Keys[]): Keys {
  return { keys: all.flatMap(({ keys }) => keys), hasMore: all.some(({ hasMore }) => hasMore) };
}
