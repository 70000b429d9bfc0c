/** Which names a script binds to what, where. One walk; nothing is resolved yet, so that the order of a file does not matter. */
import type { Source } from "../source.ts";
import type { Syntax } from "../syntax.ts";
import type { Parameter, Placed, Program, PythonClass, PythonFunction, Scope } from "./program.ts";

/** Of a name that is bound more often. */
const MOST_BINDINGS = 8;
const LISTED = new Set([
  ...["call", "attribute", "subscript", "assignment", "keyword_argument", "pair"],
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
  readonly #scopes = new Map<Syntax, Scope>();

  constructor(source: Source) {
    this.#source = source;
  }

  run(root: Syntax): Program {
    const module = scopeOf("module", null);
    // Two rows side by side: an object for each node would be garbage at each key.
    const nodes: Syntax[] = [root];
    const scopes: Scope[] = [module];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      const outer = scopes.pop() as Scope;
      const scope = this.#enter(node, outer);
      if (scope !== outer) this.#scopes.set(node, scope);
      const { children } = node;
      for (let i = children.length - 1; i >= 0; i -= 1) {
        nodes.push(children[i] as Syntax);
        scopes.push(scope);
      }
    }
    return {
      ...{ root, module, functions: this.#functions, classes: this.#classes },
      ...{ nodes: this.#nodes, callsOf: this.#callsOf, imports: this.#imports, scopes: this.#scopes },
    };
  }

  /** Notes what the node says, and returns the scope of what is below it. */
  #enter(node: Syntax, scope: Scope): Scope {
    if (LISTED.has(node.type)) push(this.#nodes, node.type, { node, scope }, Infinity);
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
        if (name?.type === "identifier")
          push(this.#callsOf, this.#source.of(name), { node, scope }, Infinity);
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
    if (from?.type === "dotted_name") this.#imports.add(topOf(this.#dotted(from)));
    const module = from === null ? "" : `${this.#dotted(from)}.`;
    for (const name of node.all("name")) {
      const isAliased = name.type === "aliased_import";
      const path = this.#dotted(isAliased ? name.child("name") : name);
      if (path === "") continue;
      if (from === null) this.#imports.add(topOf(path));
      const bound = isAliased ? this.#text(name.child("alias")) : topOf(path);
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

/** `a`, of `a.b.c`. */
function topOf(path: string): string {
  return path.split(".", 1)[0] ?? path;
}
