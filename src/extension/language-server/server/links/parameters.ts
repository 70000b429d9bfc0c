/** Hyperparameters of an experiment file beside what its Python reads. Pure. */
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import { isNested } from "../../../../cluster/search/space.ts";
import type { ExperimentDocument, Path } from "../experiment/document.ts";
import type { Link } from "../pairs.ts";
import type { LinkedScript } from "../pairs/follow.ts";
import type { ParameterKind, ParameterRead } from "../python/facts.ts";

/** A constant or a range below `hyperparameters:`. */
export interface Leaf {
  /** Dotted. */
  readonly name: string;
  /** From the top of the configuration. */
  readonly path: Path;
  readonly value: unknown;
}

export interface Read {
  readonly file: LinkedScript;
  readonly read: ParameterRead;
}

const MOST_LEAVES = 10_000;
const FROM_FLAGS: readonly ParameterKind[] = ["argparse", "click", "dataclass"];
/** A read of one of these fails where nothing gives a value. */
const NEEDS_VALUE: readonly ParameterKind[] = ["param", "subscript", "determined"];

export function leavesOf({ value }: ExperimentDocument): Leaf[] {
  const found: Leaf[] = [];
  const waiting: Leaf[] = [
    { name: "", path: ["hyperparameters"], value: valueAt(value, ["hyperparameters"]) },
  ];
  for (const one of waiting) {
    if (!isNested(one.value)) {
      if (one.name !== "") found.push(one);
    } else
      for (const [key, inner] of Object.entries(one.value as object))
        waiting.push({
          name: one.name === "" ? key : `${one.name}.${key}`,
          path: [...one.path, key],
          value: inner,
        });
    if (waiting.length > MOST_LEAVES) break;
  }
  return found;
}

export function readsOf({ files }: Link): Read[] {
  return files.flatMap((file) => file.facts.parameters.map((read) => ({ file, read })));
}

/** Reading a group reads all of it, and a read further inside reads a constant that holds a map. Dashes are underscores. */
export function isReadBy(name: string, { read }: Read): boolean {
  const own = plain(name);
  return namesOf(read).some(
    (other) => own === other || own.startsWith(`${other}.`) || other.startsWith(`${own}.`),
  );
}

/** It reads this one alone, under whichever of its names. */
export function isNamed(name: string, { read }: Read): boolean {
  return namesOf(read).includes(plain(name));
}

function namesOf({ name, aliases = [] }: ParameterRead): string[] {
  return [name, ...aliases].map(plain);
}

export function isSame(name: string, other: string): boolean {
  return plain(name) === plain(other);
}

function plain(name: string): string {
  return name.replaceAll("-", "_");
}

export const isFlag = ({ read }: Read): boolean => FROM_FLAGS.includes(read.kind);
export const needsValue = ({ read }: Read): boolean =>
  NEEDS_VALUE.includes(read.kind) && read.default === undefined && read.defaultRange === null;

/** What seems unread may be read all the same. */
export function readsMore({ files, isWhole }: Link): boolean {
  return (
    !isWhole ||
    files.some(
      ({ facts, document }) => facts.readsAnyParameter || document.getText().includes("TRAINYARD_PARAMS"),
    )
  );
}

export type Passing = "flags" | "environment" | "shell";

/** How hyperparameters come to the script; `shell`: as the entrypoint's own text says, which flags cannot be added to. */
export function passingOf({ value }: ExperimentDocument): Passing {
  if (typeof valueAt(value, ["entrypoint"]) === "string") return "shell";
  return valueAt(value, ["pass_as"]) === "flags" ? "flags" : "environment";
}

/** `train.py`, `train.py and model.py`. */
export function scriptNames({ files }: Link): string {
  const names = files
    .filter(({ isEntry }) => isEntry)
    .map(({ path: file }) => file.split(/[\\/]/).at(-1) ?? "");
  return names.length === 0 ? "the script" : names.join(" and ");
}
