/** Hyperparameters that nothing reads. Pure. */
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import { closest } from "../../../../cluster/protocol/closest.ts";
import { isTrialClass } from "../../../../cluster/protocol/configuration.ts";
import { atTop, type Both } from "./both.ts";
import type { Finding } from "./finding.ts";
import { namesOf, readsMore, scriptNames } from "./parameters.ts";

/** What a PyTorchTrial's trainer reads itself. */
const OF_TRAINER = ["global_batch_size"];

export function unread({ link, experiment, leaves, reads, readers, set }: Both): Finding[] {
  if (readsMore(link)) return [];
  const entrypoint = valueAt(experiment.value, ["entrypoint"]);
  const byTrainer = typeof entrypoint === "string" && isTrialClass(entrypoint) ? OF_TRAINER : [];
  const lost = leaves.filter(({ name }) => !byTrainer.includes(name) && readers.related(name).length === 0);
  const scripts = scriptNames(link);
  if (reads.length === 0 && lost.length > 1)
    return atTop(experiment, `${scripts} reads no hyperparameters, so these change nothing in it.`);
  const free = [...new Set(reads.flatMap(namesOf))].filter(
    (name) => name.length > 1 && set.same(name).length === 0,
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
