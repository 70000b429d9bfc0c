/** A script as what it binds, defines and calls. scopes.ts makes it. */
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
  /** Of what is below a function or a class. */
  readonly scopes: ReadonlyMap<Syntax, Scope>;
  /** Top-level modules that are imported anywhere. */
  readonly imports: ReadonlySet<string>;
}

/** Each identifier, in no order. Not listed with the other nodes: there are too many for what few ask for them. */
export function* identifiersOf({ root, module, scopes }: Program): Generator<Placed> {
  const open: Placed[] = [{ node: root, scope: module }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at.node.type === "identifier") yield at;
    const scope = scopes.get(at.node) ?? at.scope;
    for (const node of at.node.children) open.push({ node, scope });
  }
}
