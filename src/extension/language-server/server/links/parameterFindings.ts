/** Hyperparameters that nothing reads, that are needed and not there, that do not come to the script, that are of another type. Pure. */
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import type { Range } from "vscode-languageserver/node";
import type { Json } from "../../../../cluster/protocol/base.ts";
import type { Fix } from "../../../../cluster/client/configuration/places.ts";
import { closest } from "../../../../cluster/protocol/closest.ts";
import { isTrialClass } from "../../../../cluster/protocol/configuration.ts";
import type { ExperimentDocument } from "../experiment/document.ts";
import { valueText } from "../experiment/written.ts";
import type { Link } from "../pairs.ts";
import { optionsOf } from "./flags.ts";
import type { Finding } from "./finding.ts";
import {
  isFlag,
  isNamed,
  isReadBy,
  isSame,
  type Leaf,
  leavesOf,
  needsValue,
  passingOf,
  type Read,
  readsMore,
  readsOf,
  scriptNames,
} from "./parameters.ts";
import { proposeValue } from "./range.ts";
import { mismatch } from "./types.ts";

/** What a PyTorchTrial's trainer reads itself. */
const OF_TRAINER = ["global_batch_size"];
/** Names that are listed. */
const NAMED = 4;

export function parameterFindings(link: Link): Finding[] {
  const { experiment: document, files } = link;
  const { experiment } = document;
  if (experiment === null || files.length === 0) return [];
  const [leaves, reads] = [leavesOf(experiment), readsOf(link)];
  return [
    ...unread(link, experiment, leaves, reads),
    ...unpassed(link, experiment, leaves, reads),
    ...misspelled(link, experiment, leaves, reads),
    ...unset(link, experiment, leaves, reads),
    ...mistyped(experiment, leaves, reads),
  ];
}

function unread(
  link: Link,
  experiment: ExperimentDocument,
  leaves: readonly Leaf[],
  reads: readonly Read[],
): Finding[] {
  if (readsMore(link)) return [];
  const entrypoint = valueAt(experiment.value, ["entrypoint"]);
  const byTrainer = typeof entrypoint === "string" && isTrialClass(entrypoint) ? OF_TRAINER : [];
  const lost = leaves.filter(
    ({ name }) => !byTrainer.includes(name) && !reads.some((read) => isReadBy(name, read)),
  );
  const scripts = scriptNames(link);
  if (reads.length === 0 && lost.length > 1)
    return finding(experiment, `${scripts} reads no hyperparameters, so these change nothing in it.`);
  const free = [...new Set(reads.flatMap(({ read }) => [read.name, ...(read.aliases ?? [])]))].filter(
    (name) => name.length > 1 && !leaves.some((leaf) => isSame(leaf.name, name)),
  );
  return lost.flatMap(({ name, path }) => {
    const range = experiment.rangeOf(path, "key");
    if (range === null) return [];
    const meant = closest(name, free);
    const key = sameGroup(name, meant);
    const fix = key === null ? null : { title: `Rename it to ${key}`, replace: experiment.keyText(key) };
    const question = meant === null ? "" : ` Did you mean \`${meant}\`?`;
    return [{ range, message: `${scripts} never reads \`${name}\`.${question}`, fix }];
  });
}

/** The last name of `meant` where both are in the same group: then the key alone is another. */
function sameGroup(name: string, meant: string | null): string | null {
  if (meant === null) return null;
  const [own, other] = [name.split("."), meant.split(".")];
  return own.slice(0, -1).join(".") === other.slice(0, -1).join(".") ? (other.at(-1) ?? null) : null;
}

/** Flags that a script has, and that nobody passes. */
function unpassed(
  link: Link,
  experiment: ExperimentDocument,
  leaves: readonly Leaf[],
  reads: readonly Read[],
): Finding[] {
  const passing = passingOf(experiment);
  if (passing === "flags" || readsMore(link)) return [];
  const entrypoint = valueAt(experiment.value, ["entrypoint"]);
  if (typeof entrypoint === "string" && isTrialClass(entrypoint)) return [];
  const names = leaves
    .map(({ name }) => ({ name, by: reads.filter((read) => isReadBy(name, read)) }))
    .filter(({ by }) => by.length > 0 && by.every(isFlag))
    .map(({ name }) => name);
  if (names.length === 0) return [];
  const said = `${scriptNames(link)} reads ${listed(names)} from its command line, and nothing puts ${names.length > 1 ? "them" : "it"} there.`;
  if (passing === "shell")
    return finding(experiment, `${said} Write \`entrypoint\` as a list and add \`pass_as: flags\`.`);
  return finding(experiment, `${said} \`pass_as: flags\` does.`, {
    title: "Pass hyperparameters as flags",
    set: [[["pass_as"], "flags"]],
  });
}

/** A flag is passed as the key is written: `batch_size` is no `--batch-size`. */
function misspelled(
  link: Link,
  experiment: ExperimentDocument,
  leaves: readonly Leaf[],
  reads: readonly Read[],
): Finding[] {
  if (passingOf(experiment) !== "flags") return [];
  return leaves.flatMap(({ name, path }) => {
    const options = reads.filter((one) => isNamed(name, one)).flatMap(optionsOf);
    const [option] = options.filter((one) => isSame(one, name));
    const range = experiment.rangeOf(path, "key");
    if (option === undefined || options.includes(name) || range === null) return [];
    const message = `${scriptNames(link)} has the flag \`--${option}\`, and this is passed as \`--${name}\`.`;
    const key = option.split(".").at(-1) ?? option;
    return [{ range, message, fix: { title: `Rename it to ${key}`, replace: experiment.keyText(key) } }];
  });
}

function unset(
  link: Link,
  experiment: ExperimentDocument,
  leaves: readonly Leaf[],
  reads: readonly Read[],
): Finding[] {
  const entrypoint = valueAt(experiment.value, ["entrypoint"]);
  const words = (Array.isArray(entrypoint) ? entrypoint : [entrypoint]).filter(
    (one) => typeof one === "string",
  );
  const onLine = (name: string): boolean =>
    words.some((text) => [`--${name}`, `--${name.replaceAll("_", "-")}`].some((flag) => text.includes(flag)));
  const lacking = new Map<string, Read>();
  for (const one of reads) {
    const { name } = one.read;
    if (!needsValue(one) || onLine(name) || leaves.some((leaf) => isReadBy(leaf.name, one))) continue;
    // Asked for with a default elsewhere, it is one that may be left out.
    const hasDefault = reads.some((other) => isNamed(name, other) && !needsValue(other));
    if (!hasDefault && !lacking.has(name)) lacking.set(name, one);
  }
  return [...lacking].flatMap(([name, { read }]) => {
    const path = ["hyperparameters", ...name.split(".")];
    return finding(
      experiment,
      `${scriptNames(link)} reads \`${name}\` without a default, and it is not set here.`,
      {
        title: `Add ${name}`,
        set: [[path, proposeValue(read)]],
      },
    );
  });
}

function mistyped(
  experiment: ExperimentDocument,
  leaves: readonly Leaf[],
  reads: readonly Read[],
): Finding[] {
  return leaves.flatMap(({ name, path, value }) => {
    for (const { read } of reads.filter((one) => isNamed(name, one))) {
      const wrong = mismatch(value as Json, read);
      if (wrong === null) continue;
      const range = experiment.rangeOf([...path, ...wrong.path], "value") ?? experiment.rangeOf(path, "key");
      const { becomes } = wrong;
      const message = `\`${name}\`: ${wrong.message}`;
      const fix = becomes
        ? { title: `Make it ${becomes}`, replace: valueText(experiment.syntax, becomes) }
        : null;
      if (range) return [{ range, message, fix }];
    }
    return [];
  });
}

/** At the key `hyperparameters`, else at the beginning. */
function finding(experiment: ExperimentDocument, message: string, fix?: Fix): Finding[] {
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

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).map((name) => `\`${name}\``);
  return names.length > NAMED ? `${shown.join(", ")} and ${names.length - NAMED} others` : shown.join(", ");
}
