/** An experiment file and its Python side by side, for those who compare them. Pure. */
import type { Range } from "vscode-languageserver/node";
import type { Fix } from "../../../../cluster/client/configuration/places.ts";
import type { ExperimentDocument } from "../experiment/document.ts";
import type { Link } from "../pairs.ts";
import type { Finding } from "./finding.ts";
import { NameIndex } from "./names.ts";
import { type Leaf, leavesOf, namesOf, type Read, readsOf } from "./parameters.ts";

export interface Both {
  readonly link: Link;
  readonly experiment: ExperimentDocument;
  readonly leaves: readonly Leaf[];
  readonly reads: readonly Read[];
  /** The leaves by name. */
  readonly set: NameIndex<Leaf>;
  /** The reads by name. */
  readonly readers: NameIndex<Read>;
}

/** Null where there is nothing to compare. */
export function bothOf(link: Link): Both | null {
  const { experiment } = link.experiment;
  if (experiment === null || link.files.length === 0) return null;
  const [leaves, reads] = [leavesOf(experiment), readsOf(link)];
  const set = new NameIndex(leaves, ({ name }) => [name]);
  return { link, experiment, leaves, reads, set, readers: new NameIndex(reads, namesOf) };
}

/** Said at the key `hyperparameters`, else at the beginning. */
export function atTop(experiment: ExperimentDocument, message: string, fix?: Fix): Finding[] {
  const start = { line: 0, character: 0 };
  const range: Range = experiment.rangeOf(["hyperparameters"], "key") ??
    firstKey(experiment) ?? { start, end: start };
  return [{ range, message, fix: fix ?? null }];
}

function firstKey(experiment: ExperimentDocument): Range | null {
  const { value } = experiment;
  const [key] = typeof value === "object" && value !== null ? Object.keys(value) : [];
  return key === undefined ? null : experiment.rangeOf([key], "key");
}
