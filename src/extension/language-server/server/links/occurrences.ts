/** Where a hyperparameter, or a group of them, is named: keys of experiment files and literals, flags and attributes of Python. Pure. */
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import type { Position, Range } from "vscode-languageserver/node";
import type { ExperimentDocument } from "../experiment/document.ts";
import { isNested } from "../../../../cluster/search/space.ts";
import { flagsOf } from "./flags.ts";
import { isFlag, isSame, type Read } from "./parameters.ts";

/** One name of a read, without dots: `lr` in `param("optimizer.lr")`. */
export interface Spelling {
  /** Dotted, up to here. */
  readonly name: string;
  readonly range: Range;
}

/**
 * @returns the names that a read spells out at its place, the outermost first: of `params["optimizer"]["lr"]` only the last may
 * be there; of a flag each of its options
 */
export function spellingsOf(one: Read): Spelling[] {
  const { read, file } = one;
  const flags = isFlag(one) ? flagsOf(one).filter(({ range }) => !isAt(range, read.nameRange)) : [];
  return [{ name: read.name, range: read.nameRange }, ...flags].flatMap(({ name, range }) => {
    const names = name.split(".");
    const written = file.document.getText(range).split(".");
    const hidden = names.length - written.length;
    if (range.start.line !== range.end.line || hidden < 0) return [];
    let { character } = range.start;
    const { line } = range.start;
    return written.flatMap((text, at) => {
      const start = { line, character };
      character += text.length + 1;
      const isIt = isSame(text, names[hidden + at] ?? "");
      const end = { line, character: start.character + text.length };
      return isIt ? [{ name: names.slice(0, hidden + at + 1).join("."), range: { start, end } }] : [];
    });
  });
}

/** The spelling that one points at in Python. @param reads those of the document */
export function spellingAt(reads: readonly Read[], position: Position): Spelling | null {
  const near = reads.filter(
    ({ read }) => contains(read.range, position) || contains(read.nameRange, position),
  );
  return near.flatMap(spellingsOf).find(({ range }) => contains(range, position)) ?? null;
}

function isAt(one: Range, other: Range): boolean {
  return contains(one, other.start) && contains(one, other.end);
}

/** The hyperparameter, or group, whose key one points at in an experiment file. */
export function keyAt(experiment: ExperimentDocument, offset: number): Spelling | null {
  const found = experiment.pathAt(offset);
  if (found?.what !== "key" || found.path.length < 2 || found.path[0] !== "hyperparameters") return null;
  const keys = found.path.map(String);
  // What is inside of a range is its own.
  const isOne = keys.slice(1).every((_key, at) => isNested(valueAt(experiment.value, keys.slice(0, at + 1))));
  return isOne ? { name: keys.slice(1).join("."), range: found.range } : null;
}

/** The keys of that name; more than one where dashes and underscores make two. */
export function keysOf(experiment: ExperimentDocument, name: string): { range: Range; key: string }[] {
  let groups: { value: unknown; path: string[] }[] = [
    { value: valueAt(experiment.value, ["hyperparameters"]), path: ["hyperparameters"] },
  ];
  for (const wanted of name.split("."))
    groups = groups.flatMap(({ value, path }) =>
      isNested(value)
        ? Object.entries(value as object)
            .filter(([key]) => isSame(key, wanted))
            .map(([key, inner]) => ({ value: inner as unknown, path: [...path, key] }))
        : [],
    );
  return groups.flatMap(({ path }) => {
    const range = experiment.rangeOf(path, "key");
    return range === null ? [] : [{ range, key: path.at(-1) ?? "" }];
  });
}

export function contains({ start, end }: Range, { line, character }: Position): boolean {
  return (
    (line > start.line || (line === start.line && character >= start.character)) &&
    (line < end.line || (line === end.line && character <= end.character))
  );
}
