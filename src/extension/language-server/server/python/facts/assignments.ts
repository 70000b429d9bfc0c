/** Literals that a parameter may have stood for: `lr = 3e-4`, `self.lr = 3e-4`, `AdamW(p, lr=3e-4)`, `def train(lr=3e-4)`, `{"lr": 3e-4}`. */
import type { Range } from "vscode-languageserver/node";
import type { Assignment } from "../facts.ts";
import type { Syntax } from "../syntax.ts";
import type { Reading } from "./reading.ts";

export function readAssignments(reading: Reading): Assignment[] {
  const found: { name: Syntax; text: string; value: Syntax; node: Syntax }[] = [];
  const add = (name: Syntax | null, value: Syntax | null, node: Syntax): void => {
    if (name && value) found.push({ name, text: wordOf(name, reading), value, node });
  };
  for (const { node } of reading.nodes("assignment"))
    for (const [name, value] of pieces(node.child("left"), node.child("right"))) add(name, value, node);
  for (const { node } of reading.nodes("keyword_argument"))
    if (!isSpoken(node, reading)) add(node.child("name"), node.child("value"), node);
  for (const { node } of reading.nodes("pair"))
    if (!isSpoken(node, reading)) add(node.child("key"), node.child("value"), node);
  for (const type of ["default_parameter", "typed_default_parameter"])
    for (const { node } of reading.nodes(type)) add(node.child("name"), node.child("value"), node);
  // The default of a parameter is told with the parameter.
  const defaults = new Set(reading.parameters.map(({ defaultRange }) => keyOf(defaultRange)));
  return found
    .sort((a, b) => a.name.start - b.name.start)
    .flatMap(({ text, value, node }) => {
      const plain = text === "" ? undefined : reading.literal(value);
      if (plain === undefined || plain === null) return [];
      const [range, valueRange] = [reading.source.range(node), reading.source.range(value)];
      if (defaults.has(keyOf(valueRange))) return [];
      return [{ name: text, value: plain, range, valueRange }];
    });
}

const keyOf = (range: Range | null): string => (range ? `${range.start.line}:${range.start.character}` : "");

/** `a, b = 1, 2` in pairs; of `a = b = 1` each. */
function pieces(left: Syntax | null, right: Syntax | null): (readonly [Syntax, Syntax])[] {
  let value = right;
  while (value?.type === "assignment") value = value.child("right");
  if (left === null || value === null) return [];
  if (!["pattern_list", "tuple_pattern", "list_pattern"].includes(left.type)) return [[left, value]];
  const [names, values] = [left.children, value.children];
  if (names.length !== values.length || !["expression_list", "tuple", "list"].includes(value.type)) return [];
  return names.flatMap((name, i) => {
    const one = values[i];
    return one ? [[name, one] as const] : [];
  });
}

/** Constants in capitals are what others write in small letters. */
function wordOf(node: Syntax, reading: Reading): string {
  const { source } = reading;
  if (node.type === "string") return reading.string(node)?.value ?? "";
  if (node.type === "attribute")
    return /^(?:self|cls)$/.test(source.of(node.child("object") ?? node))
      ? source.of(node.child("attribute") ?? node)
      : "";
  if (node.type !== "identifier") return "";
  const name = source.of(node);
  return name === name.toUpperCase() ? name.toLowerCase() : name;
}

/** It says something of a parameter or a metric, and is neither. */
function isSpoken(node: Syntax, reading: Reading): boolean {
  for (let at = node.parent; at !== null; at = at.parent)
    if (at.type === "call") return reading.spoken.has(at);
    else if (at.type.endsWith("statement") || at.type === "block") return false;
  return false;
}
