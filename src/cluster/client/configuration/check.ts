/** From a configuration as it is written to an ExperimentConfiguration, with what to say about it and where. Pure. */
import type * as z from "zod";
import { closest } from "../../protocol/closest.ts";
import { DataMap, ExperimentConfiguration, isDataMap } from "../../protocol/configuration.ts";
import { checkSearcher, findNotYet } from "./checkSearcher.ts";
import { checkHyperparameters } from "./checkSpace.ts";
import { findNotes, hasEffect } from "./findNotes.ts";
import { keysAt } from "./jsonSchema.ts";
import type { Fix, Located } from "./places.ts";
import { locate, type Path, type Source } from "./source.ts";
import { dotted, isMapping, steps, valueAt } from "./words.ts";

export interface Checked {
  value: ExperimentConfiguration;
  /** What is to be known: keys without effect, and what is odd. */
  notes: Located[];
  /** What parses, and does not run in this version: a submit is refused with these. */
  notYet: Located[];
}

/** All that can be said at once. The value is null exactly where there are problems. */
export type Findings = Omit<Checked, "value"> & {
  value: ExperimentConfiguration | null;
  problems: Located[];
};

export function checkConfiguration(source: Source): Findings {
  const { value } = source;
  const refused = (problems: readonly Located[]): Findings => ({
    value: null,
    problems: inOrder(problems),
    notes: [],
    notYet: [],
  });
  if (!source.isWhole) return refused(source.problems);
  if (!isMapping(value)) {
    const found = value === null ? "empty" : Array.isArray(value) ? "a list" : "a single value";
    const message = `A configuration is a map of keys (such as \`searcher:\`); this is ${found}.`;
    return refused([locate(source, [], message, "value")]);
  }
  const foreign = foreignFile(value, source);
  if (foreign !== null) return refused([foreign]);
  const parsed = ExperimentConfiguration.safeParse(value);
  const problems = [
    ...source.problems,
    ...(parsed.success ? [] : parsed.error.issues.flatMap((issue) => explain(issue, source))),
    ...checkData(value.data, ["data"], source),
    ...checkHyperparameters(value.hyperparameters, source),
    ...checkSearcher(value, source),
  ];
  return {
    value: parsed.success && problems.length === 0 ? parsed.data : null,
    problems: inOrder(problems),
    notes: inOrder(findNotes(value, source)),
    notYet: inOrder(findNotYet(value, source)),
  };
}

/** Keys that no other tool's file has beside many that are not ours. */
const TELLING = ["searcher", "hyperparameters", "entrypoint", "max_restarts", "checkpoint_storage"];

/** A `train.yaml` of another tool has one thing said of it, and not one for each of its keys. */
function foreignFile(value: Readonly<Record<string, unknown>>, source: Source): Located | null {
  const known = keysAt([]);
  const keys = Object.keys(value);
  const others = keys.filter((key) => !known.includes(key));
  if (others.length < 4 || others.length <= keys.length / 2 || TELLING.some((key) => key in value))
    return null;
  const names = others.slice(0, 3).map((key) => `\`${key}\``);
  const message =
    `This is no experiment's configuration: ${others.length} of its ${keys.length} keys are none (${names.join(", ")}). ` +
    "If another tool reads it, submit without a configuration, or with another one; or give this file another name.";
  return { ...locate(source, [others[0] ?? ""], message, "key"), severity: "information" };
}

type Issue = z.core.$ZodIssue;

function explain(issue: Issue, source: Source): Located[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(issue.path, key, source));
  const name = dotted(issue.path);
  const found = valueAt(source.value, issue.path);
  const at = (message: string, fix?: Fix): Located[] => [
    { ...locate(source, issue.path, message, "value"), ...(fix ? { fix } : {}) },
  ];
  if (issue.code === "invalid_value" && issue.values.length > 1) {
    const known = typeof found === "string" ? closest(found, issue.values.map(String)) : null;
    const meant = known ? ` Did you mean \`${known}\`?` : "";
    const message = `\`${name}\` must be one of ${issue.values.map(String).join(", ")}.${meant}`;
    return at(message, known === null ? undefined : changed(issue.path, known));
  }
  if (issue.code === "invalid_union") return at(unionMessage(name, issue));
  const expected = issue.message.replace(/^Invalid input: /, "").replace(/^Too (small|big): /, "");
  return at(
    `\`${name}\`: ${expected}.`,
    name === "searcher.source_trial_id" ? quoted(issue.path, source) : undefined,
  );
}

function unknownKey(path: Path, key: string, source: Source): Located {
  const parent = valueAt(source.value, path);
  const present = isMapping(parent) ? Object.keys(parent) : [];
  const known = closest(
    key,
    keysAt(path)
      .filter((one) => !present.includes(one))
      .sort(effectiveFirst(path, source)),
  );
  const place = [...path, key];
  const message = `Unknown key \`${dotted(place)}\`.${known ? ` Did you mean \`${known}\`?` : ""}`;
  const fix: Fix = known
    ? { title: `Change to \`${known}\``, replace: known }
    : { title: `Remove \`${dotted(place)}\``, remove: true };
  return { ...locate(source, place, message, "key"), fix };
}

/** Of two names that are as near, the one that does something here is meant. */
function effectiveFirst(path: Path, { value }: Source): (a: string, b: string) => number {
  const rank = (key: string): number => (isMapping(value) && hasEffect([...path, key], value) ? 0 : 1);
  return (a, b) => rank(a) - rank(b);
}

function changed(path: Path, to: string): Fix {
  return { title: `Change to \`${to}\``, set: [[steps(path), to]] };
}

/** What was read as a number has lost its end: `12.10`. What is written has it. */
function quoted(path: Path, source: Source): Fix | undefined {
  const { line, column, end } = locate(source, path, "", "value");
  const written = end && end.line === line ? source.places.textBetween({ line, column }, end) : "";
  return /^\d{1,9}\.\d{1,9}$/.test(written)
    ? { title: `Change to "${written}"`, set: [[steps(path), written]] }
    : undefined;
}

function unionMessage(name: string, issue: Extract<Issue, { code: "invalid_union" }>): string {
  const expected = issue.errors
    .flatMap((errors) => errors.slice(0, 1))
    .map((error) => error.message.replace(/^Invalid input: /, ""));
  return `\`${name}\`: ${[...new Set(expected)].join("; or ") || "not a value that is understood"}.`;
}

/** `data:` is free, but for entries that say where a path is on which pool. */
function checkData(value: unknown, path: Path, source: Source): Located[] {
  if (typeof value !== "object" || value === null) return [];
  if (!isDataMap(value))
    return Object.entries(value).flatMap(([key, inner]) => checkData(inner, [...path, key], source));
  const parsed = DataMap.safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.map(({ path: inner, message }) => {
    const place = [...path, ...inner];
    const text = `\`${dotted(place)}\`: ${message.replace(/^Invalid input: /, "")}.`;
    return locate(source, place, text, "value");
  });
}

function inOrder(found: readonly Located[]): Located[] {
  return [...found].sort((a, b) => a.line - b.line || a.column - b.column);
}
