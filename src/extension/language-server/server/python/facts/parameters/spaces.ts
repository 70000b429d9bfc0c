/** Parts of the hyperparameters: `run.params["optimizer"]["lr"]`, `cfg.optimizer.lr`, `hparams.get("lr", 3)`, under whatever name. */
import type { Syntax } from "../../syntax.ts";
import { argumentsOf } from "../calls.ts";
import type { Reading } from "../reading.ts";
import type { Placed } from "../scopes.ts";
import { isWrapper } from "../spaces.ts";
import type { Space } from "../values.ts";

/** Who is told all of them reads none. */
const TELLING = new Set([
  ...["print", "pprint", "len", "str", "repr", "info", "debug", "log", "to_yaml", "dump", "dumps", "save"],
  ...[
    "log_params",
    "log_hyperparams",
    "save_hyperparameters",
    "init",
    "init_trackers",
    "resolve",
    "isinstance",
  ],
]);

export function readSpaces(reading: Reading): void {
  if (!reading.imports("trainyard", "hydra", "determined")) return;
  const assigned = new Map<number, string>();
  for (const type of ["attribute", "subscript", "call", "identifier"])
    for (const placed of reading.nodes(type)) readSpace(placed, reading, assigned);
  dropParents(reading, assigned);
}

function readSpace({ node, scope }: Placed, reading: Reading, assigned: Map<number, string>): void {
  const { values } = reading;
  const { parent } = node;
  if (parent === null || (node.type === "identifier" && !isRead(node))) return;
  const { space } = values.of(node, scope);
  if (!space || isGoneInto(node, reading, scope)) return;
  if (node.type !== "identifier" && (node.field === "left" || parent.type === "delete_statement")) return;
  const own = node.type === "identifier" ? null : ownKey(node, reading, scope);
  if (own === null) {
    // A name or a call that stands for what was read elsewhere, or for all of them.
    if (space.keys.length === 0 && !isHarmless(parent, reading, scope)) reading.readsAnyParameter = true;
    return;
  }
  if (isFollowed(node, parent, reading, scope)) assigned.set(reading.parameters.length, nameOf(space));
  reading.parameter({
    ...{ name: nameOf(space), kind: space.kind, node, nameSpan: own.span },
    default: own.fallback,
  });
}

const nameOf = ({ keys }: Space): string => keys.join(".");

/** What the node adds to what is in front of it. Null: nothing. */
function ownKey(
  node: Syntax,
  reading: Reading,
  scope: Placed["scope"],
): { span: { start: number; end: number }; fallback: Syntax | null } | null {
  if (node.type === "attribute") {
    const object = node.child("object");
    const name = node.child("attribute");
    return name && reading.values.of(object, scope).space ? { span: name, fallback: null } : null;
  }
  if (node.type === "subscript") {
    const key = reading.string(node.child("subscript"));
    return key && { span: key, fallback: null };
  }
  const called = node.child("function");
  if (called?.type !== "attribute" || !reading.values.of(called.child("object"), scope).space) return null;
  const { positional } = argumentsOf(reading.source, node);
  const key = reading.string(positional[0] ?? null);
  return key && { span: key, fallback: positional[1] ?? null };
}

/** Something further in is read, and that is said there. */
function isGoneInto(node: Syntax, reading: Reading, scope: Placed["scope"]): boolean {
  const { parent } = node;
  if (parent === null) return false;
  if (parent.type === "subscript" && node.field === "value") {
    if (reading.values.of(parent, scope).space) return true;
    return false;
  }
  if (parent.type !== "attribute" || node.field !== "object") return false;
  if (reading.values.of(parent, scope).space) return true;
  const call = parent.parent;
  const method = reading.source.of(parent.child("attribute") ?? parent);
  if (call?.type !== "call" || parent.field !== "function") return false;
  if (["to_dict", "copy"].includes(method)) return true;
  return ["get", "pop"].includes(method) && reading.values.of(call, scope).space !== null;
}

/** All of the hyperparameters are handed on, but nobody reads one by a name that cannot be told. */
function isHarmless(parent: Syntax, reading: Reading, scope: Placed["scope"]): boolean {
  switch (parent.type) {
    case "assignment":
    case "named_expression":
    case "as_pattern":
    case "boolean_operator":
    case "conditional_expression":
    case "parenthesized_expression":
    case "comparison_operator":
    case "expression_statement":
    case "interpolation":
    case "return_statement":
    case "if_statement":
    case "not_operator":
      return true;
    case "argument_list":
    case "keyword_argument":
    case "dictionary_splat": {
      const list = parent.type === "argument_list" ? parent : parent.parent;
      const call = list?.parent;
      if (list?.type !== "argument_list" || call?.type !== "call") return false;
      const target = reading.values.of(call.child("function"), scope);
      const name = target.path.slice(target.path.lastIndexOf(".") + 1);
      if (isWrapper(target.path)) return true;
      if (parent.type === "dictionary_splat") return false;
      return TELLING.has(name) || target.function !== undefined || target.class !== undefined;
    }
    default:
      return false;
  }
}

/** It has another name from here on: a variable's, or the parameter's of a function of the script. */
function isFollowed(node: Syntax, parent: Syntax, reading: Reading, scope: Placed["scope"]): boolean {
  if (parent.type === "assignment") return node.field === "right";
  const list = parent.type === "keyword_argument" ? parent.parent : parent;
  const call = list?.type === "argument_list" ? list.parent : null;
  const target = reading.values.of(call?.child("function") ?? null, scope);
  return target.function !== undefined || target.class !== undefined;
}

/** A name that is used, and not one that is bound, or a part of another word. */
function isRead({ parent, field, type }: Syntax): boolean {
  if (parent === null || type !== "identifier") return false;
  if (["parameters", "typed_parameter", "dotted_name", "aliased_import"].includes(parent.type)) return false;
  return !["name", "left", "attribute", "alias"].includes(field ?? "") && parent.type !== "as_pattern_target";
}

/** `optimizer = cfg.optimizer` reads what is read of `optimizer` then. */
function dropParents(reading: Reading, assigned: ReadonlyMap<number, string>): void {
  const all = reading.parameters;
  const kept = all.filter((_, i) => {
    const name = assigned.get(i);
    return name === undefined || !all.some((other) => other.name.startsWith(`${name}.`));
  });
  if (kept.length < all.length) all.splice(0, all.length, ...kept);
}
