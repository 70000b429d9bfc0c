/** Facts of a text, by the real grammar. */
import { expect } from "vitest";
import type { Range } from "vscode-languageserver/node";
import type { ScriptFacts } from "../../../../src/extension/language-server/server/python/facts.ts";
import { loadPython } from "../../../../src/extension/language-server/server/python/parser.ts";
import { Script } from "../../../../src/extension/language-server/server/python/script.ts";
import { useGrammar } from "../rig.ts";

useGrammar();
const parser = await loadPython();

export function factsOf(text: string): ScriptFacts {
  const script = new Script(parser, () => text);
  try {
    const { imports, entry } = script.glance;
    const facts = script.facts;
    expect({ imports, entry }).toEqual({ imports: facts.imports, entry: facts.entry });
    return facts;
  } finally {
    script.close();
  }
}

/** The text at a range of it. */
export function textAt(text: string, range: Range | null): string | null {
  if (range === null) return null;
  const starts = [0, ...Array.from(text.matchAll(/\r\n|\r|\n/g), ({ index, 0: end }) => index + end.length)];
  const [start, end] = [range.start, range.end].map(
    ({ line, character }) => (starts[line] ?? NaN) + character,
  );
  return text.slice(start, end);
}

/** `name=default`, with its kind, type and choices where it has some. */
export function parametersOf(text: string): string[] {
  return factsOf(text).parameters.map(({ name, kind, type, default: standard, choices }) =>
    [
      `${kind} ${name}`,
      standard === undefined ? [] : `=${JSON.stringify(standard)}`,
      type === null ? [] : `: ${type}`,
      choices === null ? [] : ` of ${JSON.stringify(choices)}`,
    ]
      .flat()
      .join(""),
  );
}

/** `group/name`; `?` for what cannot be told. */
export function metricsOf(text: string): string[] {
  return factsOf(text).metrics.map(({ name, group }) => `${group ?? "?"}/${name || "?"}`);
}

/** All ranges in facts, wherever they are. */
export function rangesOf(facts: ScriptFacts): Range[] {
  const { parameters, metrics, assignments, randomUses, entry } = facts;
  return [
    ...parameters.flatMap((one) => [one.nameRange, one.range, one.defaultRange]),
    ...metrics.flatMap((one) => [one.nameRange, one.range]),
    ...assignments.flatMap((one) => [one.range, one.valueRange]),
    ...randomUses.map((one) => one.range),
    entry,
  ].filter((range) => range !== null);
}
