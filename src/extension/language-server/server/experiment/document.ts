/** An experiment as it is written: YAML, or the `[tool.trainyard]` table of a script's PEP 723 block. One interface for both. */
import path from "node:path";
import type { Range, TextEdit } from "vscode-languageserver/node";
import { CONFIGURATION_NAMES } from "../../../../cluster/client/configuration/names.ts";
import type { Located } from "../../../../cluster/client/configuration/source.ts";
import type { Json } from "../../../../cluster/protocol/base.ts";
import { readYaml } from "./yaml.ts";

/** Keys and, in lists, indices. */
export type Path = readonly (string | number)[];

/** What is typed at a place: a key of the map at `path`, or the value at `path`. */
export interface Typing {
  readonly what: "key" | "value";
  readonly path: Path;
  /** What is there already, which an answer replaces; of a key without what follows it. */
  readonly range: Range;
  readonly text: string;
  /** Keys that the map has already. */
  readonly present: readonly string[];
  /** How a new key is written here: what comes before its name, and between it and its value. */
  readonly indent: string;
}

export interface ExperimentDocument {
  readonly syntax: "yaml" | "toml";
  /** As far as it can be read: broken parts are left out. Null: nothing can. */
  readonly value: unknown;
  /** What a submit would refuse, in the order of the file. */
  readonly problems: readonly Located[];
  /** What has no effect here. */
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
  if (languageId !== "yaml" && languageId !== "json" && languageId !== "jsonc") return null;
  const document = readYaml(file, text);
  const isNamed = (CONFIGURATION_NAMES as readonly string[]).includes(path.basename(file));
  return isChosen || isOurs(document.value, isNamed) ? document : null;
}

/** Keys that no other tool's files have at the top; of the others two are needed. */
const TELLING = ["searcher", "hyperparameters"];
const COMMON = [
  "entrypoint",
  "resources",
  "max_restarts",
  "environment",
  "checkpoint_storage",
  "name",
  "data",
];

function isOurs(value: unknown, isNamed: boolean): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return isNamed;
  const keys = Object.keys(value);
  return (
    isNamed ||
    keys.some((key) => TELLING.includes(key)) ||
    keys.filter((key) => COMMON.includes(key)).length > 2
  );
}
