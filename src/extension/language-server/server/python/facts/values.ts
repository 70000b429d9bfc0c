/**
 * What an expression stands for, as far as that can be told without running anything: a dotted path from an import
 * (`trainyard.init().params`, `argparse.ArgumentParser()`), and, where it is a part of the hyperparameters, which.
 */
import type { ParameterKind } from "../facts.ts";
import type { Source } from "../source.ts";
import type { Syntax } from "../syntax.ts";
import { argumentsOf, given } from "./calls.ts";
import { stringOf } from "./literals.ts";
import type { Binding, Program, PythonClass, PythonFunction, Scope } from "./scopes.ts";
import { isWrapper, spaceAt, spaceOfParameter } from "./spaces.ts";

export interface Value {
  /** `?` in front: of something unknown. `self`: of the class that it stands in. */
  readonly path: string;
  readonly space: Space | null;
  readonly function?: PythonFunction;
  readonly class?: PythonClass;
}

/** The hyperparameters, or what is below some keys of them. */
export interface Space {
  readonly kind: ParameterKind;
  readonly keys: readonly string[];
}

export const UNKNOWN: Value = { path: "?", space: null };
const MOST_DEPTH = 40;
/** Calls of a function that are looked at for what its parameters are. */
const MOST_CALLS = 8;

export class Values {
  readonly program: Program;
  readonly source: Source;
  readonly #known = new Map<Syntax, Value>();

  constructor(program: Program, source: Source) {
    this.program = program;
    this.source = source;
  }

  of(node: Syntax | null, scope: Scope, depth = 0): Value {
    if (node === null || depth > MOST_DEPTH) return UNKNOWN;
    const known = this.#known.get(node);
    if (known) return known;
    this.#known.set(node, UNKNOWN); // of itself: x = x.next
    const found = this.#read(node, scope, depth + 1);
    this.#known.set(node, found);
    return found;
  }

  /** The path of what is called. */
  callee(call: Syntax, scope: Scope): string {
    return this.of(call.child("function"), scope).path;
  }

  #read(node: Syntax, scope: Scope, depth: number): Value {
    switch (node.type) {
      case "identifier":
        return this.#name(this.source.of(node), scope, depth);
      case "attribute":
        return this.#attribute(node, scope, depth);
      case "subscript":
        return this.#subscript(node, scope, depth);
      case "call":
        return this.#call(node, scope, depth);
      case "parenthesized_expression":
      case "await":
      case "as_pattern":
        return this.of(node.children[0] ?? null, scope, depth);
      case "named_expression":
        return this.of(node.child("value"), scope, depth);
      case "conditional_expression":
      case "boolean_operator":
        return this.#first(node.children, (part) => this.of(part, scope, depth));
      default:
        return UNKNOWN;
    }
  }

  #first<T>(all: readonly T[], read: (one: T) => Value): Value {
    for (const one of all) {
      const found = read(one);
      if (found.path !== "?") return found;
    }
    return UNKNOWN;
  }

  #name(name: string, from: Scope, depth: number): Value {
    for (let scope: Scope | null = from; scope !== null; scope = scope.parent) {
      // A class's names are none of its methods'.
      if (scope.kind === "class" && scope !== from) continue;
      const bindings = scope.names.get(name);
      if (bindings) return this.#first(bindings, (one) => this.#bound(one, depth));
    }
    const stars = this.program.module.names.get("*") ?? [];
    const [star] = stars.filter((one) => one.is === "module");
    if (star && stars.length === 1) return at(`${star.path}.${name}`);
    return { path: `builtins.${name}`, space: null };
  }

  #bound(binding: Binding, depth: number): Value {
    switch (binding.is) {
      case "module":
        return at(binding.path);
      case "value":
        return this.of(binding.node, binding.scope, depth);
      case "function":
        return { path: `local.${binding.function.name}`, space: null, function: binding.function };
      case "class":
        return { path: `local.${binding.class.name}`, space: null, class: binding.class };
      case "parameter":
        return this.#parameter(binding, depth);
    }
  }

  #parameter({ owner, parameter }: Extract<Binding, { is: "parameter" }>, depth: number): Value {
    const isMethod = owner.class !== null && !this.#isDecoratedBy(owner, "staticmethod");
    if (isMethod && parameter.index === 0)
      return { path: "self", space: null, class: owner.class ?? undefined };
    const space = spaceOfParameter(owner, parameter, (decorator) =>
      this.#decoratorPath(decorator, owner.scope.parent ?? owner.scope, depth),
    );
    if (space) return { path: "parameters", space };
    const name = isMethod && owner.name === "__init__" ? (owner.class?.name ?? "") : owner.name;
    const calls = (this.program.callsOf.get(name) ?? []).slice(0, MOST_CALLS);
    const told = this.#first(calls, ({ node, scope }) => {
      const index = parameter.index < 0 ? Infinity : parameter.index - (isMethod ? 1 : 0);
      return this.of(given(argumentsOf(this.source, node), index, parameter.name), scope, depth);
    });
    if (told.path !== "?") return told;
    const annotation = parameter.annotation?.children[0] ?? null;
    const type = this.of(annotation, owner.scope.parent ?? owner.scope, depth);
    return ["identifier", "attribute"].includes(annotation?.type ?? "") && type.path !== "?"
      ? at(`${type.path}()`)
      : this.of(parameter.default, owner.scope, depth);
  }

  #isDecoratedBy(owner: PythonFunction, name: string): boolean {
    return owner.decorators.some((one) => this.source.of(one) === name);
  }

  #decoratorPath(decorator: Syntax, scope: Scope, depth: number): string {
    return this.of(decorator.type === "call" ? decorator.child("function") : decorator, scope, depth).path;
  }

  #attribute(node: Syntax, scope: Scope, depth: number): Value {
    const object = this.of(node.child("object"), scope, depth);
    const name = node.child("attribute");
    if (name === null) return UNKNOWN;
    const text = this.source.of(name);
    if (object.space) {
      const isCalled = node.field === "function" && node.parent?.type === "call";
      return isCalled ? { path: `parameters.${text}`, space: null } : below(object.space, text);
    }
    if (object.path === "self" && object.class) {
      const bindings = object.class.scope.attributes.get(text);
      const found = bindings ? this.#first(bindings, (one) => this.#bound(one, depth)) : UNKNOWN;
      if (found.path !== "?") return found;
      const method = object.class.methods.find((one) => one.name === text);
      if (method) return { path: `self.${text}`, space: null, function: method };
    }
    return at(`${object.path}.${text}`);
  }

  #subscript(node: Syntax, scope: Scope, depth: number): Value {
    const base = this.of(node.child("value"), scope, depth);
    const key = stringOf(this.source, node.child("subscript"));
    if (base.space) return key ? below(base.space, key.value) : UNKNOWN;
    return key && base.path.startsWith("?") ? UNKNOWN : at(`${base.path}[]`);
  }

  #call(node: Syntax, scope: Scope, depth: number): Value {
    const called = node.child("function");
    const args = argumentsOf(this.source, node);
    if (called?.type === "attribute") {
      const { space } = this.of(called.child("object"), scope, depth);
      const method = this.source.of(called.child("attribute") ?? called);
      if (space && ["get", "pop"].includes(method)) {
        const key = stringOf(this.source, args.positional[0] ?? null);
        return key ? below(space, key.value) : UNKNOWN;
      }
      if (space) return ["to_dict", "copy"].includes(method) ? { path: "parameters", space } : UNKNOWN;
    }
    const target = this.of(called, scope, depth);
    if (isWrapper(target.path)) {
      const inner = this.of(args.positional[0] ?? args.splats[0] ?? null, scope, depth);
      if (inner.space) return inner;
    }
    if (target.class && target.path !== "self") return { ...target, path: `${target.path}()` };
    if (target.function) {
      const { function: owner } = target;
      const returned = this.#first(owner.returns, (one) => this.of(one, owner.scope, depth));
      if (returned.path !== "?") return returned;
    }
    return at(`${target.path}()`);
  }
}

function at(path: string): Value {
  // One instance, whoever made it.
  const plain = path === "trainyard.Run()" ? "trainyard.init()" : path;
  return { path: plain, space: spaceAt(plain) };
}

function below(space: Space, key: string): Value {
  return { path: "parameters", space: { kind: space.kind, keys: [...space.keys, key] } };
}
