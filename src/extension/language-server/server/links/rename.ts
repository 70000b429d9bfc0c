/** A hyperparameter gets another name, in all experiment files and in all Python that reads it; or why it cannot. Pure. */
import type { TextEdit } from "vscode-languageserver/node";
import type { ParameterRead } from "../python/facts.ts";
import { definitionOf, flagsOf, hasArgument } from "./flags.ts";
import { keysOf, spellingsOf } from "./occurrences.ts";
import { isFlag, isNamed, isReadBy, isSame, type Read } from "./parameters.ts";
import { pointsBelow, type Target } from "./target.ts";

export type Renamed = { readonly edits: ReadonlyMap<string, TextEdit[]> } | { readonly refusal: string };

const NAME = /^[A-Za-z_][\w-]*$/;
const IDENTIFIER = /^[A-Za-z_]\w*$/;
/** What `run.params` has itself. */
const METHODS = ["keys", "values", "items", "get", "to_dict"];

/** @param newName of the last part of the target's name */
export function rename({ name, around: { files, experiments } }: Target, newName: string): Renamed {
  if (!NAME.test(newName)) {
    const why = newName.includes(".")
      ? "a dot makes a group of it."
      : "letters, digits, `_` and `-` make one.";
    return { refusal: `\`${newName}\` is no name of a hyperparameter: ${why}` };
  }
  const full = [...name.split(".").slice(0, -1), newName].join(".");
  const reads = files.flatMap((file) => file.facts.parameters.map((read) => ({ file, read })));
  const isTaken =
    experiments.some(({ experiment }) => experiment && keysOf(experiment, full).length > 0) ||
    reads.some((read) => isNamed(full, read));
  if (!isSame(full, name) && isTaken) return { refusal: `There is a hyperparameter \`${full}\` already.` };

  const edits = new Map<string, TextEdit[]>();
  const add = (uri: string, edit: TextEdit): void => {
    const known = edits.get(uri) ?? [];
    if (!known.some((one) => JSON.stringify(one) === JSON.stringify(edit))) edits.set(uri, [...known, edit]);
  };
  for (const { experiment, uri } of experiments)
    for (const { range } of experiment ? keysOf(experiment, name) : [])
      add(uri, { range, newText: experiment?.keyText(newName) ?? newName });
  for (const read of reads) {
    if (!isReadBy(name, read)) continue;
    const refusal = whyNot(read, name, newName);
    if (refusal !== null) return { refusal: `${placeOf(read)} ${refusal}` };
    for (const edit of editsOf(read, name, newName)) add(read.file.document.uri, edit);
  }
  return { edits };
}

/** Python's own rename follows the uses of these better. */
export function isPythons({ read: { kind } }: Read): boolean {
  return kind === "dataclass" || kind === "hydra";
}

function whyNot(one: Read, name: string, newName: string): string | null {
  const { read } = one;
  const spelled = spellingsOf(one).filter((spelling) => isSame(spelling.name, name));
  if (read.kind === "hydra")
    return "reads it from Hydra's configuration, which has the same name in files of its own.";
  if (read.kind === "dataclass")
    return "has it as a field, whose uses only a rename in Python can follow. Rename it there first, then here.";
  if (spelled.length === 0)
    return pointsBelow(read.name, name)
      ? `reads all of \`${read.name}\`, so that its uses cannot be told. Rename it by hand.`
      : "reads it without spelling its name there. Rename it by hand.";
  if (isAttribute(one)) {
    if (!IDENTIFIER.test(newName)) return `reads it as an attribute, which \`${newName}\` cannot be.`;
    if (METHODS.includes(newName)) return `reads it as an attribute, and \`${newName}\` is a method there.`;
  }
  if (!isFlag(one)) return null;
  const definition = definitionOf(one);
  const options = flagsOf(one).filter((option) => isSame(option.name, name) && option.dashes > 0);
  if (definition === null || options.length === 0)
    return "names it for Python, whose uses only a rename in Python can follow. Rename it there first, then here.";
  return null;
}

function editsOf(one: Read, name: string, newName: string): TextEdit[] {
  const { read, file } = one;
  if (!isFlag(one))
    return spellingsOf(one)
      .filter((spelling) => isSame(spelling.name, name))
      .map(({ range }) => ({ range, newText: newName }));
  const options = flagsOf(one).filter((option) => isSame(option.name, name) && option.dashes > 0);
  const changed = options.map(({ range }) => {
    const hasDashes = /^[^_]+-[^_]+$/.test(file.document.getText(range));
    return { range, newText: hasDashes ? newName.replaceAll("_", "-") : newName };
  });
  const keeps = isSame(read.name, name) && !isSame(newName, name) ? keepName(one, read) : null;
  return keeps === null ? changed : [...changed, keeps];
}

/** Where the flag gave Python its name, the uses of that name stay right by saying it. */
function keepName(one: Read, read: ParameterRead): TextEdit | null {
  const definition = definitionOf(one);
  const last = flagsOf(one)
    .filter(({ dashes }) => dashes > 0)
    .at(-1);
  if (definition === null || last === undefined) return null;
  const { end } = last.literal;
  const at = { start: end, end };
  if (read.kind === "click")
    return flagsOf(one).some(({ dashes }) => dashes === 0)
      ? null
      : { range: at, newText: `, "${read.name}"` };
  return hasArgument(definition.list, "dest") ? null : { range: at, newText: `, dest="${read.name}"` };
}

/** `params.lr`: what is in front of the name is a dot, and no quote. */
function isAttribute({ read: { kind, nameRange }, file }: Read): boolean {
  const { start } = nameRange;
  if (kind !== "subscript" || start.character === 0) return false;
  const before = { start: { ...start, character: start.character - 1 }, end: start };
  return file.document.getText(before) === ".";
}

function placeOf({ file, read }: Read): string {
  return `${file.path.split(/[\\/]/).at(-1) ?? ""}:${read.range.start.line + 1}`;
}
