/** What the readers of one script share: the program, its calls, and what they have found so far. */
import type { Json } from "../../../../../cluster/protocol/base.ts";
import type { MetricReport, ParameterKind, ParameterRead } from "../facts.ts";
import type { Source } from "../source.ts";
import type { Syntax } from "../syntax.ts";
import { type Arguments, argumentsOf } from "./calls.ts";
import { literal, stringOf } from "./literals.ts";
import type { Placed, Program, Scope } from "./program.ts";
import { Values } from "./values.ts";

/** A call, with what it calls. */
export interface Call {
  readonly node: Syntax;
  readonly scope: Scope;
  /** As values.ts has it. */
  readonly path: string;
  /** The last part of what is called. */
  readonly name: string;
  /** What is in front of the dot. */
  readonly receiver: Syntax | null;
  readonly args: Arguments;
}

/** A literal, an identifier, or a part of one. */
interface Span {
  readonly start: number;
  readonly end: number;
}

interface Found {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly nameSpan: Span;
  readonly node: Syntax;
  readonly default?: Syntax | null;
  /** Where the call means one that is not written. */
  readonly implied?: Json;
  readonly type?: ParameterRead["type"];
  readonly choices?: readonly Json[] | null;
  readonly aliases?: readonly string[];
}

export class Reading {
  readonly source: Source;
  readonly program: Program;
  readonly values: Values;
  readonly calls: readonly Call[];
  readonly parameters: ParameterRead[] = [];
  readonly metrics: MetricReport[] = [];
  readsAnyParameter = false;
  reportsAnyMetric = false;
  /** Calls whose named arguments are no values of the training: they define a parameter, or report. */
  readonly spoken = new Set<Syntax>();

  constructor(program: Program, source: Source) {
    this.source = source;
    this.program = program;
    this.values = new Values(program, source);
    this.calls = (program.nodes.get("call") ?? []).flatMap((placed) => this.#call(placed) ?? []);
  }

  nodes(type: string): readonly Placed[] {
    return this.program.nodes.get(type) ?? [];
  }

  imports(...modules: readonly string[]): boolean {
    return modules.some((one) => this.program.imports.has(one));
  }

  literal(node: Syntax | null): Json | undefined {
    return literal(this.source, node);
  }

  string(node: Syntax | null): ReturnType<typeof stringOf> {
    return stringOf(this.source, node);
  }

  parameter(found: Found): void {
    const value = this.literal(found.default ?? null);
    const choices = found.choices ?? null;
    this.parameters.push({
      ...{ name: found.name, kind: found.kind, choices },
      nameRange: this.source.range(found.nameSpan),
      range: this.source.range(found.node),
      default: found.default ? value : found.implied,
      defaultRange: found.default ? this.source.range(found.default) : null,
      type: found.type ?? typeOf(this.source, found.default ?? null, found.default ? value : found.implied),
      ...(found.aliases?.length ? { aliases: found.aliases } : {}),
    });
  }

  /** @param name null: it cannot be told */
  metric(call: Syntax, name: { value: string; span: Span } | null, group: string | null): void {
    this.metrics.push({
      ...{ name: name?.value ?? "", group, range: this.source.range(call) },
      nameRange: name && this.source.range(name.span),
    });
    if (name === null) this.reportsAnyMetric = true;
  }

  #call({ node, scope }: Placed): Call | null {
    const called = node.child("function");
    const last = called?.type === "attribute" ? called.child("attribute") : called;
    if (!called || last?.type !== "identifier") return null;
    return {
      ...{ node, scope, path: this.values.callee(node, scope), name: this.source.of(last) },
      receiver: called.type === "attribute" ? called.child("object") : null,
      args: argumentsOf(this.source, node),
    };
  }
}

/** Of a path: nothing is known of where it begins. A name that nobody bound is a loop's, say. */
export function isUnknown(path: string): boolean {
  return path.startsWith("?") || path.startsWith("builtins.");
}

/** `1.0` is a float, although JSON has no other 1. */
function typeOf(source: Source, node: Syntax | null, value: Json | undefined): ParameterRead["type"] {
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "str";
  if (typeof value !== "number") return null;
  const text = node === null ? "" : source.of(node);
  return Number.isInteger(value) && !/[.eE]/.test(text.replace(/0[xX].*/, "")) ? "int" : "float";
}
