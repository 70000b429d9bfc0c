/** An experiment as it is written: YAML, or the `[tool.trainyard]` table of a script's PEP 723 block. One interface for both. */
import type { Range, TextEdit } from "vscode-languageserver/node";
import { checkConfiguration } from "../../../../cluster/client/configuration/check.ts";
import type { Fix, Located, Span } from "../../../../cluster/client/configuration/places.ts";
import { findNode, type Source } from "../../../../cluster/client/configuration/source.ts";
import { readScriptTable } from "../../../../cluster/client/configuration/tomlSource.ts";
import { readYaml } from "../../../../cluster/client/configuration/yamlSource.ts";
import type { Json } from "../../../../cluster/protocol/base.ts";
import { isOurs } from "./isOurs.ts";
import { editsOf, insertionOf } from "./edits.ts";
import { pointedAt } from "./pointedAt.ts";
import { tomlTyping } from "./tomlTyping.ts";
import { yamlTyping } from "./yamlTyping.ts";
import { keyText, type Syntax } from "./written.ts";

/** Keys and, in lists, indices. */
export type Path = readonly (string | number)[];

/** What is typed at a place: a key of the map at `path`, or the value at `path`. */
export interface Typing {
  readonly what: "key" | "value";
  readonly path: Path;
  /** What is there already, which an answer replaces; of a key without what follows it. */
  readonly range: Range;
  /** Of it what is before the cursor. */
  readonly text: string;
  /** Keys that the map has already. */
  readonly present: readonly string[];
  /** How a new key is written here: what comes before its name, and between it and its value. */
  readonly indent: string;
  /** On lines of its own; in braces or brackets; in the header of a TOML table. */
  readonly style: "block" | "flow" | "header";
  /** Of a value: a map may begin here, so that what is typed may also be its first key. */
  readonly canBeKey: boolean;
  /** It is typed inside of quotes, which are not in the range. */
  readonly isQuoted: boolean;
  /** Of a key: a value follows it already. */
  readonly hasValue: boolean;
}

export interface ExperimentDocument {
  readonly syntax: Syntax;
  /** As far as it can be read: broken parts are left out. Null: nothing can. */
  readonly value: unknown;
  /** What a submit would refuse, in the order of the file. */
  readonly problems: readonly Located[];
  /** What has no effect here, and what is odd. */
  readonly notes: readonly Located[];
  /** Of the key or the value at a path; null when there is none. A value of several lines has all of them. */
  rangeOf(path: Path, what: "key" | "value"): Range | null;
  /** What one points at. */
  pathAt(
    offset: number,
  ): { readonly path: Path; readonly what: "key" | "value"; readonly range: Range } | null;
  typingAt(offset: number): Typing | null;
  /** Writes a key that is not there yet, with the maps around it that are not there either. */
  insertion(path: Path, value: Json): TextEdit;
  /** What a fix of a problem at that place changes; nothing where it cannot be done. */
  edits(fix: Fix, range: Range): TextEdit[];
  /** A key's text in this syntax, quoted where it has to be. */
  keyText(key: string): string;
}

export interface ExperimentText {
  readonly file: string;
  readonly languageId: string;
  readonly text: string;
  readonly isChosen: boolean;
}

/** Null where no experiment is written. */
export function readExperiment({
  file,
  languageId,
  text,
  isChosen,
}: ExperimentText): ExperimentDocument | null {
  if (languageId === "python") {
    const source = readScriptTable(file, text);
    return source && documentOf(source, text, "toml");
  }
  if (languageId !== "yaml" && languageId !== "json" && languageId !== "jsonc") return null;
  const source = readYaml(file, text);
  return isChosen || isOurs(file, source.value)
    ? documentOf(source, text, languageId === "yaml" ? "yaml" : "json")
    : null;
}

/** Several features ask about the place where one types, and the answer takes another parse. */
function lastOne<T>(make: (at: number) => T): (at: number) => T {
  let last: { at: number; made: T } | null = null;
  return (at) => (last?.at === at ? last : (last = { at, made: make(at) })).made;
}

function documentOf(source: Source, text: string, syntax: Syntax): ExperimentDocument {
  const { value, places } = source;
  const range = ([from, to]: Span): Range => {
    const [start, end] = [places.at(from), places.at(to)];
    return {
      start: { line: start.line - 1, character: start.column - 1 },
      end: { line: end.line - 1, character: end.column - 1 },
    };
  };
  const offset = ({ line, character }: Range["start"]): number =>
    places.offset({ line: line + 1, column: character + 1 });
  const changes = (edits: readonly { span: Span; text: string }[]): TextEdit[] =>
    edits.map((edit) => ({ range: range(edit.span), newText: edit.text }));
  const { problems, notes, notYet } = checkConfiguration(source);
  return {
    syntax,
    value,
    problems: [...problems, ...notYet],
    notes,
    rangeOf: (path, what) => {
      const found = findNode(source, path);
      const span = what === "key" ? found?.entry?.keySpan : found?.node?.span;
      return span ? range(span) : null;
    },
    pathAt: (at) => {
      const found = pointedAt(source.root, at);
      return found && { path: found.path, what: found.what, range: range(found.span) };
    },
    typingAt: lastOne((at) =>
      syntax === "toml" ? tomlTyping(source, text, at, range) : yamlTyping(source, text, at, range),
    ),
    insertion: (path, json) => {
      const { span, text: newText } = insertionOf({ source, syntax, text }, path, json);
      return { range: range(span), newText };
    },
    edits: (fix, { start, end }) =>
      changes(editsOf({ source, syntax, text }, fix, [offset(start), offset(end)])),
    keyText: (key) => keyText(syntax, key),
  };
}
