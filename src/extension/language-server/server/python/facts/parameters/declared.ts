/** Flags that a library makes of what is declared: fields of dataclasses (HfArgumentParser, simple_parsing, tyro, draccus), parameters of functions (typer, fire, tyro). */
import type { Syntax } from "../../syntax.ts";
import { argumentsOf, given } from "../calls.ts";
import type { Call, Reading } from "../reading.ts";
import type { Placed, PythonClass, PythonFunction, Scope } from "../scopes.ts";
import { annotated } from "./annotations.ts";

const MOST_DEPTH = 4;

/** Parsers of classes and functions; `isNested`: a field that is a dataclass is `name.field`, else its fields stand beside the others. */
const PARSERS: Readonly<Record<string, { readonly argument: string; readonly isNested: boolean }>> = {
  "transformers.HfArgumentParser": { argument: "dataclass_types", isNested: false },
  "trl.TrlParser": { argument: "dataclass_types", isNested: false },
  "simple_parsing.parse": { argument: "config_class", isNested: false },
  "tyro.cli": { argument: "f", isNested: true },
  "draccus.parse": { argument: "config_class", isNested: true },
  "pyrallis.parse": { argument: "config_class", isNested: true },
  "jsonargparse.CLI": { argument: "components", isNested: true },
  "jsonargparse.auto_cli": { argument: "components", isNested: true },
  "fire.Fire": { argument: "component", isNested: false },
  "typer.run": { argument: "function", isNested: false },
};
/** They give the function that they decorate what its first parameter is annotated with. */
const WRAPS = new Set(["draccus.wrap", "pyrallis.wrap"]);

export function readDeclared(call: Call, reading: Reading): void {
  const parser = Object.hasOwn(PARSERS, call.path) ? PARSERS[call.path] : undefined;
  const isAdded =
    call.name === "add_arguments" && call.receiver !== null && reading.imports("simple_parsing");
  if (call.path.endsWith(".LightningCLI")) reading.readsAnyParameter = true;
  if (!parser && !isAdded) return;
  reading.spoken.add(call.node);
  const told = given(call.args, 0, parser?.argument ?? "dataclass");
  const all = ["tuple", "list"].includes(told?.type ?? "") ? (told?.children ?? []) : [told];
  for (const one of all) {
    const value = reading.values.of(one, call.scope);
    if (value.class && !value.path.endsWith("()"))
      fields(value.class, "", parser?.isNested ?? false, reading);
    else if (value.function) ofFunction(value.function, call.path === "typer.run", reading);
    else reading.readsAnyParameter = true;
  }
}

/** `@app.command()` of typer, `@draccus.wrap()`. */
export function readDecorated(reading: Reading): void {
  for (const owner of reading.program.functions)
    for (const decorator of owner.decorators) {
      const scope = owner.scope.parent ?? reading.program.module;
      const called = decorator.type === "call" ? decorator.child("function") : decorator;
      const { path } = reading.values.of(called, scope);
      if (path === "typer.Typer().command") ofFunction(owner, true, reading);
      if (!WRAPS.has(path)) continue;
      const type = owner.parameters[0]?.annotation?.children[0] ?? null;
      const found = reading.values.of(type, scope).class;
      if (found) fields(found, "", true, reading);
      else reading.readsAnyParameter = true;
    }
}

function fields(of: PythonClass, where: string, isNested: boolean, reading: Reading, depth = 0): void {
  if (depth > MOST_DEPTH) return;
  for (const base of of.bases) {
    const value = reading.values.of(base, of.outer);
    if (value.class) fields(value.class, where, isNested, reading, depth + 1);
    else if (!/(?:^builtins\.object|Protocol|ABC|Generic\[\])$/.test(value.path) && value.path !== "?")
      reading.readsAnyParameter = true;
  }
  for (const { node } of fieldsOf(of, reading)) {
    const name = node.child("left");
    const annotation = node.child("type")?.children[0] ?? null;
    if (
      name?.type !== "identifier" ||
      /\b(?:ClassVar|InitVar)\b/.test(annotation ? reading.source.of(annotation) : "")
    )
      continue;
    const dotted = where + reading.source.of(name);
    const { class: inner } = reading.values.of(annotation, of.outer);
    if (inner) fields(inner, isNested ? `${dotted}.` : "", isNested, reading, depth + 1);
    else
      reading.parameter({
        ...{ name: dotted, kind: "dataclass", node, nameSpan: name },
        ...annotated(annotation, reading),
        default: defaultOf(node.child("right"), of.scope, reading),
      });
  }
}

/** Annotated names right below the class. */
function fieldsOf(of: PythonClass, reading: Reading): readonly Placed[] {
  return reading
    .nodes("assignment")
    .filter(({ node, scope }) => scope === of.scope && node.child("type") !== null);
}

/** Of `field(default=1e-3)` that default, of `lr: float = 1e-3` the value. */
function defaultOf(value: Syntax | null, scope: Scope, reading: Reading): Syntax | null {
  if (value?.type !== "call") return value;
  const { path } = reading.values.of(value.child("function"), scope);
  reading.spoken.add(value);
  const { named, positional } = argumentsOf(reading.source, value);
  const isField = /(?:^|\.)(?:field|Field|arg|choice|flag|HfArg)$/.test(path);
  const found = named.get("default")?.value ?? (path.endsWith(".Field") ? (positional[0] ?? null) : null);
  return isField && found?.type !== "ellipsis" ? found : null;
}

function ofFunction(owner: PythonFunction, isTyper: boolean, reading: Reading): void {
  for (const parameter of owner.parameters) {
    const { node: name, annotation, default: written } = parameter;
    const type = annotation?.children[0] ?? null;
    const option = written?.type === "call" ? argumentsOf(reading.source, written) : null;
    const said = `${type ? reading.source.of(type) : ""} ${written ? reading.source.of(written) : ""}`;
    const isOption = /\bOption\(/.test(said);
    if (isTyper && ((written === null && !isOption) || /\bArgument\(/.test(said))) continue;
    if (owner.class && parameter.index === 0) continue;
    const first = option?.positional[0] ?? null;
    reading.parameter({
      ...{ name: parameter.name, kind: isTyper ? "click" : "argparse", nameSpan: name },
      node: name.parent ?? name,
      ...annotated(type, reading),
      default: option ? (first?.type === "ellipsis" ? null : first) : written,
    });
  }
}
