/** What a call is given. */
import type { Source } from "../source.ts";
import type { Syntax } from "../syntax.ts";

export interface Arguments {
  readonly positional: readonly Syntax[];
  readonly named: ReadonlyMap<string, { readonly name: Syntax; readonly value: Syntax }>;
  /** `*args` or `**kwargs`: the argument of each. */
  readonly splats: readonly Syntax[];
}

export function argumentsOf(source: Source, call: Syntax): Arguments {
  const positional: Syntax[] = [];
  const named = new Map<string, { name: Syntax; value: Syntax }>();
  const splats: Syntax[] = [];
  for (const part of call.child("arguments")?.children ?? []) {
    if (part.type === "keyword_argument") {
      const [name, value] = [part.child("name"), part.child("value")];
      if (name && value) named.set(source.of(name), { name, value });
    } else if (part.type === "dictionary_splat" || part.type === "list_splat")
      splats.push(part.children[0] ?? part);
    else if (part.type !== "ERROR") positional.push(part);
  }
  return { positional, named, splats };
}

/** The argument at a place, or by its name. */
export function given({ positional, named }: Arguments, index: number, name: string): Syntax | null {
  return named.get(name)?.value ?? positional[index] ?? null;
}
