/** Which names a script binds to what, where. One walk; nothing is resolved yet, so that the order of a file does not matter. */
import type { Source } from "../source.ts";
import type { Syntax } from "../syntax.ts";

export interface Scope {
  readonly kind: "module" | "class" | "function";
  readonly parent: Scope | null;
  readonly names: Map<string, Binding[]>;
  /** Of a class: what its methods assign to `self.NAME`. */
  readonly attributes: Map<string, Binding[]>;
  /** Of a function's scope. */
  readonly owner: PythonFunction | null;
}

export type Binding =
  | { readonly is: "module"; readonly path: string }
  | { readonly is: "value"; readonly node: Syntax; readonly scope: Scope }
  | { readonly is: "parameter"; readonly owner: PythonFunction; readonly parameter: Parameter }
  | { readonly is: "function"; readonly function: PythonFunction }
  | { readonly is: "class"; readonly class: PythonClass };

export interface Parameter {
  readonly name: string;
  /** Of the identifier. */
  readonly node: Syntax;
  readonly annotation: Syntax | null;
  readonly default: Syntax | null;
  /** Counted with `self`; -1 behind `*`. */
  readonly index: number;
}

export interface PythonFunction {
  readonly name: string;
  readonly node: Syntax;
  readonly scope: Scope;
  readonly parameters: readonly Parameter[];
  readonly decorators: readonly Syntax[];
  readonly class: PythonClass | null;
  readonly returns: Syntax[];
}

export interface PythonClass {
  readonly name: string;
  readonly node: Syntax;
  readonly scope: Scope;
  /** Where it stands. */
  readonly outer: Scope;
  readonly bases: readonly Syntax[];
  readonly decorators: readonly Syntax[];
  readonly methods: PythonFunction[];
}

export interface Placed {
  readonly node: Syntax;
  readonly scope: Scope;
}

export interface Program {
  readonly root: Syntax;
  readonly module: Scope;
  readonly functions: readonly PythonFunction[];
  readonly classes: readonly PythonClass[];
  /** Of the types that readers look at, in the order of the text. */
  readonly nodes: ReadonlyMap<string, readonly Placed[]>;
  /** By the last part of what is called: `train`, of `train(x)` and `self.train(x)`. */
  readonly callsOf: ReadonlyMap<string, readonly Placed[]>;
  /** Top-level modules that are imported anywhere. */
  readonly imports: ReadonlySet<string>;
}

/** Of a name that is bound more often. */
const MOST_BINDINGS = 8;
const LISTED = new Set([
  ...["call", "attribute", "subscript", "identifier", "assignment", "keyword_argument", "pair"],
  ...["default_parameter", "typed_default_parameter"],
]);

export function readProgram(root: Syntax, source: Source): Program {
  return new Walk(source).run(root);
}

class Walk {
  readonly #source: Source;
  readonly #functions: PythonFunction[] = [];
  readonly #classes: PythonClass[] = [];
  readonly #nodes = new Map<string, Placed[]>();
  readonly #callsOf = new Map<string, Placed[]>();
  readonly #imports = new Set<string>();

  constructor(source: Source) {
    this.#source = source;
  }

  run(root: Syntax): Program {
    const module = scopeOf("module", null);
    const open: Placed[] = [{ node: root, scope: module }];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const scope = this.#enter(at);
      const { children } = at.node;
      for (let i = children.length - 1; i >= 0; i -= 1) open.push({ node: children[i] as Syntax, scope });
    }
    return {
      ...{ root, module, functions: this.#functions, classes: this.#classes },
      ...{ nodes: this.#nodes, callsOf: this.#callsOf, imports: this.#imports },
    };
  }

  /** Notes what the node says, and returns the scope of what is below it. */
  #enter(at: Placed): Scope {
    const { node, scope } = at;
    if (LISTED.has(node.type)) push(this.#nodes, node.type, at, Infinity);
    switch (node.type) {
      case "function_definition":
        return this.#function(node, scope);
      case "class_definition":
        return this.#class(node, scope);
      case "import_statement":
      case "import_from_statement":
        this.#import(node, scope);
        break;
      case "assignment":
        this.#bind(node.child("left"), node.child("right"), scope);
        break;
      case "named_expression":
        this.#bind(node.child("name"), node.child("value"), scope);
        break;
      case "as_pattern": {
        const [value = null, target] = node.children;
        this.#bind(target?.type === "as_pattern_target" ? (target.children[0] ?? null) : null, value, scope);
        break;
      }
      case "return_statement":
        if (node.children[0]) scope.owner?.returns.push(node.children[0]);
        break;
      case "call": {
        const called = node.child("function");
        const name = called?.type === "attribute" ? called.child("attribute") : called;
        if (name?.type === "identifier") push(this.#callsOf, this.#source.of(name), at, Infinity);
        break;
      }
    }
    return scope;
  }

  #function(node: Syntax, outer: Scope): Scope {
    const name = this.#text(node.child("name"));
    const returns: Syntax[] = [];
    const owner = {} as { -readonly [K in keyof PythonFunction]: PythonFunction[K] };
    const scope = scopeOf("function", outer, owner);
    const inClass =
      outer.kind === "class" ? (this.#classes.find((one) => one.scope === outer) ?? null) : null;
    const parameters = this.#parameters(node.child("parameters"));
    Object.assign(owner, {
      name,
      node,
      scope,
      parameters,
      decorators: decoratorsOf(node),
      class: inClass,
      returns,
    });
    this.#functions.push(owner);
    inClass?.methods.push(owner);
    for (const parameter of parameters)
      push(scope.names, parameter.name, { is: "parameter", owner, parameter }, MOST_BINDINGS);
    push(outer.names, name, { is: "function", function: owner }, MOST_BINDINGS);
    return scope;
  }

  #parameters(node: Syntax | null): Parameter[] {
    const found: Parameter[] = [];
    let isNamedOnly = false;
    for (const part of node?.children ?? []) {
      if (["list_splat_pattern", "keyword_separator"].includes(part.type)) isNamedOnly = true;
      const name =
        part.type === "identifier"
          ? part
          : (part.child("name") ?? (part.type === "typed_parameter" ? (part.children[0] ?? null) : null));
      if (name?.type === "list_splat_pattern") isNamedOnly = true;
      if (name?.type !== "identifier") continue;
      found.push({
        ...{ name: this.#source.of(name), node: name, annotation: part.child("type") },
        ...{ default: part.child("value"), index: isNamedOnly ? -1 : found.length },
      });
    }
    return found;
  }

  #class(node: Syntax, outer: Scope): Scope {
    const scope = scopeOf("class", outer);
    const found: PythonClass = {
      ...{ name: this.#text(node.child("name")), node, scope, outer, methods: [] },
      bases: node.child("superclasses")?.children.filter(({ type }) => type !== "keyword_argument") ?? [],
      decorators: decoratorsOf(node),
    };
    this.#classes.push(found);
    push(outer.names, found.name, { is: "class", class: found }, MOST_BINDINGS);
    return scope;
  }

  #import(node: Syntax, scope: Scope): void {
    const from = node.type === "import_from_statement" ? node.child("module_name") : null;
    if (from?.type === "dotted_name") this.#imports.add(this.#first(from));
    const module = from === null ? "" : `${this.#dotted(from)}.`;
    for (const name of node.all("name")) {
      const isAliased = name.type === "aliased_import";
      const path = this.#dotted(isAliased ? name.child("name") : name);
      if (path === "") continue;
      if (from === null) this.#imports.add(path.split(".", 1)[0] ?? path);
      const bound = isAliased ? this.#text(name.child("alias")) : (path.split(".", 1)[0] ?? path);
      const whole = isAliased || from !== null ? module + path : bound;
      push(scope.names, bound, { is: "module", path: whole }, MOST_BINDINGS);
    }
    if (node.children.some(({ type }) => type === "wildcard_import") && module !== "")
      push(scope.names, "*", { is: "module", path: module.slice(0, -1) }, MOST_BINDINGS);
  }

  /** `a = value`, `self.a = value`, `a, b = value, value`, `a = b = value`. */
  #bind(target: Syntax | null, value: Syntax | null, scope: Scope): void {
    if (target === null || value === null) return;
    // The inner one of `a = b = value` is met by itself.
    if (value.type === "assignment") this.#bind(target, lastValue(value), scope);
    else if (["pattern_list", "tuple_pattern", "list_pattern"].includes(target.type)) {
      const [targets, values] = [target.children, value.children];
      if (!["expression_list", "tuple", "list"].includes(value.type) || targets.length !== values.length)
        return;
      targets.forEach((one, i) => this.#bind(one, values[i] ?? null, scope));
    } else if (target.type === "identifier")
      push(scope.names, this.#source.of(target), { is: "value", node: value, scope }, MOST_BINDINGS);
    else if (target.type === "attribute") {
      const { owner } = scope;
      const self = owner?.class ? owner.parameters[0]?.name : undefined;
      if (self === undefined || this.#text(target.child("object")) !== self) return;
      const name = this.#text(target.child("attribute"));
      const attributes = owner?.class?.scope.attributes;
      if (attributes) push(attributes, name, { is: "value", node: value, scope }, MOST_BINDINGS);
    }
  }

  #text(node: Syntax | null): string {
    return node === null ? "" : this.#source.of(node);
  }
  /** Without what may stand between the parts. */
  #dotted(node: Syntax | null): string {
    return this.#text(node).replaceAll(/\s+|\\/g, "");
  }
  #first(node: Syntax): string {
    return this.#text(node.children[0] ?? node);
  }
}

function lastValue(assignment: Syntax): Syntax | null {
  let at: Syntax | null = assignment;
  while (at?.type === "assignment") at = at.child("right");
  return at;
}

function decoratorsOf(node: Syntax): Syntax[] {
  const outer = node.parent?.type === "decorated_definition" ? node.parent.children : [];
  return outer.filter(({ type }) => type === "decorator").flatMap(({ children }) => children.slice(0, 1));
}

function scopeOf(kind: Scope["kind"], parent: Scope | null, owner: PythonFunction | null = null): Scope {
  return { kind, parent, names: new Map(), attributes: new Map(), owner };
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V, most: number): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else if (known.length < most) known.push(value);
}
