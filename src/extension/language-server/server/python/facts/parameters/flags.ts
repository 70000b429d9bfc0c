/** Flags of a command line: argparse (also groups and subparsers of it), click, absl. */
import type { ParameterRead } from "../../facts.ts";
import type { Syntax } from "../../syntax.ts";
import { given } from "../calls.ts";
import type { Text } from "../literals.ts";
import { type Call, isUnknown, type Reading } from "../reading.ts";

type Type = ParameterRead["type"];
const TYPES: Readonly<Record<string, Type>> = {
  ...{ int: "int", float: "float", bool: "bool", str: "str" },
  ...{ INT: "int", FLOAT: "float", BOOL: "bool", STRING: "str" },
  ...{ IntRange: "int", FloatRange: "float", Choice: "str", Path: "str" },
};

/** An option as it is written, and the name that the configuration has for it. */
interface Flag {
  readonly name: string;
  readonly span: { readonly start: number; readonly end: number };
  readonly dashes: number;
}

export function readArgparse(call: Call, reading: Reading): void {
  if (call.name !== "add_argument" || call.receiver === null) return;
  reading.spoken.add(call.node);
  const { args } = call;
  const flags = flagsOf(args.positional, reading);
  const isPositional = args.positional.some((one) => reading.string(one)?.value.startsWith("-") === false);
  if (isPositional) return;
  const dest = reading.string(args.named.get("dest")?.value ?? null);
  const chosen = flags.find(({ dashes }) => dashes > 1) ?? flags[0];
  if (chosen === undefined) reading.readsAnyParameter = true;
  const action = wordOf(args.named.get("action")?.value ?? null, reading);
  if (chosen === undefined || action === "help" || action === "version") return;
  reading.parameter({
    ...{ kind: "argparse", node: call.node, name: dest?.value ?? chosen.name, nameSpan: dest ?? chosen.span },
    ...effect(action, args.named.get("default")?.value ?? null),
    ...typing(args.named.get("type")?.value ?? null, action, args.named.has("nargs"), reading),
    ...choices(args.named.get("choices")?.value ?? null, reading),
    aliases: flags.map(({ name }) => name).filter((name) => name !== (dest?.value ?? chosen.name)),
  });
}

/** `parser.parse_args()` of a parser that another file has made. */
export function readForeignParser(call: Call, reading: Reading): void {
  if (!["parse_args", "parse_known_args"].includes(call.name) || call.receiver === null) return;
  if (!call.path.startsWith("argparse.") && !isUnknown(call.path) && !/^(self|local)\b/.test(call.path))
    reading.readsAnyParameter = true;
  const target = call.node.parent?.type === "assignment" ? call.node.parent.child("left") : null;
  const rest = call.name === "parse_known_args" ? target?.children[1] : undefined;
  // What argparse does not know the script may read itself.
  if (rest && !/^_|unknown|unused/.test(reading.source.of(rest))) reading.readsAnyParameter = true;
}

export function readClick(call: Call, reading: Reading): void {
  if (!["click.option", "rich_click.option"].includes(call.path)) return;
  reading.spoken.add(call.node);
  const { args } = call;
  const flags = flagsOf(args.positional, reading);
  // An identifier is the name; else the first of the options with the most dashes, in small letters.
  const chosen = [...flags].sort((a, b) => rank(b) - rank(a))[0];
  if (chosen === undefined) {
    reading.readsAnyParameter = true;
    return;
  }
  const isFlag = reading.literal(args.named.get("is_flag")?.value ?? null) === true;
  const type = args.named.get("type")?.value ?? null;
  const ofChoice = type?.type === "call" ? (type.child("arguments")?.children[0] ?? null) : null;
  const isMany = args.named.has("nargs") || args.named.has("multiple");
  reading.parameter({
    ...{ kind: "click", node: call.node, name: chosen.name.toLowerCase(), nameSpan: chosen.span },
    ...effect(isFlag ? "store_true" : null, args.named.get("default")?.value ?? null),
    ...typing(type, isFlag ? "store_true" : null, isMany, reading),
    ...choices(type !== null && wordOf(type, reading) === "Choice" ? ofChoice : type, reading),
    aliases: flags.map(({ name }) => name.toLowerCase()).filter((name) => name !== chosen.name.toLowerCase()),
  });
}

const rank = ({ dashes }: Flag): number => (dashes === 0 ? 3 : dashes);

const ABSL: Readonly<Record<string, Type>> = {
  ...{ DEFINE_float: "float", DEFINE_integer: "int", DEFINE_bool: "bool", DEFINE_boolean: "bool" },
  ...{ DEFINE_string: "str", DEFINE_enum: "str" },
  ...{ DEFINE_list: null, DEFINE_multi_integer: null, DEFINE_multi_float: null, DEFINE_multi_string: null },
};

export function readAbsl(call: Call, reading: Reading): void {
  const type = Object.hasOwn(ABSL, call.name) ? ABSL[call.name] : undefined;
  if (type === undefined || !(call.path.startsWith("absl.flags.") || isUnknown(call.path))) return;
  reading.spoken.add(call.node);
  const name = reading.string(given(call.args, 0, "name"));
  if (name === null) reading.readsAnyParameter = true;
  else
    reading.parameter({
      ...{ kind: "argparse", node: call.node, name: name.value, nameSpan: name, type },
      default: given(call.args, 1, "default"),
      ...choices(call.name === "DEFINE_enum" ? given(call.args, 2, "enum_values") : null, reading),
    });
}

function flagsOf(nodes: readonly Syntax[], reading: Reading): Flag[] {
  return nodes.flatMap((node) => {
    const text = reading.string(node);
    return text && text.value !== "" ? [flagOf(text)] : [];
  });
}

/** `--lr/--no-lr` of click is lr. */
function flagOf({ value, start }: Text): Flag {
  const [, dashes = "", name = ""] = /^(-*)([^/]*)/.exec(value) ?? [];
  const at = start + dashes.length;
  return {
    name: name.trim().replaceAll("-", "_"),
    span: { start: at, end: at + name.length },
    dashes: dashes.length,
  };
}

/** The last name of `"store_true"`, `argparse.BooleanOptionalAction`, `click.Choice([...])`. */
function wordOf(node: Syntax | null, reading: Reading): string | null {
  const text = reading.string(node);
  if (text) return text.value;
  const called = node?.type === "call" ? node.child("function") : node;
  const last = called?.type === "attribute" ? called.child("attribute") : called;
  return last?.type === "identifier" ? reading.source.of(last) : null;
}

function effect(
  action: string | null,
  written: Syntax | null,
): { default: Syntax | null; implied?: boolean } {
  if (written === null && action === "store_true") return { default: null, implied: false };
  if (written === null && action === "store_false") return { default: null, implied: true };
  return { default: written };
}

/** Without one: that of the default. */
function typing(
  node: Syntax | null,
  action: string | null,
  isMany: boolean,
  reading: Reading,
): { type?: Type } {
  if (isMany || action === "append" || action === "extend") return { type: null };
  if (["store_true", "store_false", "BooleanOptionalAction"].includes(action ?? "")) return { type: "bool" };
  if (action === "count") return { type: "int" };
  const word = wordOf(node, reading) ?? "";
  return Object.hasOwn(TYPES, word) ? { type: TYPES[word] } : {};
}

function choices(node: Syntax | null, reading: Reading): { choices?: ParameterRead["choices"] } {
  const values = reading.literal(node);
  return Array.isArray(values) ? { choices: values } : {};
}
