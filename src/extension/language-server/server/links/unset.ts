/** Parameters that are read without a default and not set, and values of another type than is read. Pure. */
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import type { Json } from "../../../../cluster/protocol/base.ts";
import { valueText } from "../experiment/written.ts";
import { atTop, type Both } from "./both.ts";
import type { Finding } from "./finding.ts";
import { needsValue, type Read, scriptNames } from "./parameters.ts";
import { proposeValue } from "./range.ts";
import { mismatch } from "./types.ts";

export function unset({ link, experiment, reads, readers, set }: Both): Finding[] {
  const entrypoint = valueAt(experiment.value, ["entrypoint"]);
  const words = (Array.isArray(entrypoint) ? entrypoint : [entrypoint]).filter(
    (one) => typeof one === "string",
  );
  const onLine = (name: string): boolean =>
    words.some((text) => [`--${name}`, `--${name.replaceAll("_", "-")}`].some((flag) => text.includes(flag)));
  const lacking = new Map<string, Read>();
  for (const one of reads) {
    const { name } = one.read;
    if (!needsValue(one) || onLine(name) || set.related(name).length > 0) continue;
    // Asked for with a default elsewhere, it is one that may be left out.
    const hasDefault = readers.same(name).some((other) => !needsValue(other));
    if (!hasDefault && !lacking.has(name)) lacking.set(name, one);
  }
  return [...lacking].flatMap(([name, { read }]) => {
    const path = ["hyperparameters", ...name.split(".")];
    return atTop(
      experiment,
      `${scriptNames(link)} reads \`${name}\` without a default, and it is not set here.`,
      {
        title: `Add ${name}`,
        set: [[path, proposeValue(read)]],
      },
    );
  });
}

export function mistyped({ experiment, leaves, readers }: Both): Finding[] {
  return leaves.flatMap(({ name, path, value }) => {
    for (const { read } of readers.same(name)) {
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
