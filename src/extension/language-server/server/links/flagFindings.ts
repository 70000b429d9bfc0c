/** Hyperparameters that are flags of the script, and do not come to it as such. Pure. */
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import { isTrialClass } from "../../../../cluster/protocol/configuration.ts";
import { atTop, type Both } from "./both.ts";
import type { Finding } from "./finding.ts";
import { optionsOf } from "./flags.ts";
import { isSame } from "./names.ts";
import { isFlag, passingOf, readsMore, scriptNames } from "./parameters.ts";

/** Names that are listed. */
const NAMED = 4;

/** Flags that a script has, and that nobody passes. */
export function unpassed({ link, experiment, leaves, readers }: Both): Finding[] {
  const passing = passingOf(experiment);
  if (passing === "flags" || readsMore(link)) return [];
  const entrypoint = valueAt(experiment.value, ["entrypoint"]);
  if (typeof entrypoint === "string" && isTrialClass(entrypoint)) return [];
  const names = leaves
    .map(({ name }) => ({ name, by: readers.related(name) }))
    .filter(({ by }) => by.length > 0 && by.every(isFlag))
    .map(({ name }) => name);
  if (names.length === 0) return [];
  const said = `${scriptNames(link)} reads ${listed(names)} from its command line, and nothing puts ${names.length > 1 ? "them" : "it"} there.`;
  if (passing === "shell")
    return atTop(experiment, `${said} Write \`entrypoint\` as a list and add \`pass_as: flags\`.`);
  return atTop(experiment, `${said} \`pass_as: flags\` does.`, {
    title: "Pass hyperparameters as flags",
    set: [[["pass_as"], "flags"]],
  });
}

/** Hydra has a syntax of its own, and nothing of ours speaks it. */
export function throughHydra({ link, experiment, leaves, readers }: Both): Finding[] {
  if (passingOf(experiment) === "shell" || readsMore(link)) return [];
  const names = leaves
    .map(({ name }) => ({ name, by: readers.related(name) }))
    .filter(({ by }) => by.length > 0 && by.every(({ read }) => read.kind === "hydra"))
    .map(({ name }) => name);
  const [first] = names;
  if (first === undefined) return [];
  const said = `${scriptNames(link)} reads ${listed(names)} through Hydra, which takes \`${first}=VALUE\`, and nothing says that to it.`;
  return atTop(experiment, `${said} Read hyperparameters with \`trainyard.param\`.`);
}

/** A flag is passed as the key is written: `batch_size` is no `--batch-size`. */
export function misspelled({ link, experiment, leaves, readers }: Both): Finding[] {
  if (passingOf(experiment) !== "flags") return [];
  return leaves.flatMap(({ name, path }) => {
    const reads = readers.same(name).filter(isFlag);
    const options = reads.flatMap(optionsOf);
    const option = options.find((one) => isSame(one, name)) ?? options[0];
    const range = experiment.rangeOf(path, "key");
    if (option === undefined || options.includes(name) || range === null) return [];
    const message = `${scriptNames(link)} has the flag \`--${option}\`, and this is passed as \`--${name}\`.`;
    const key = option.split(".").at(-1) ?? option;
    return [{ range, message, fix: { title: `Rename it to ${key}`, replace: experiment.keyText(key) } }];
  });
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).map((name) => `\`${name}\``);
  return names.length > NAMED ? `${shown.join(", ")} and ${names.length - NAMED} others` : shown.join(", ");
}
