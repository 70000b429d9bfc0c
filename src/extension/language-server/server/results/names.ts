/** Which of a script's parameters and metrics is which of its runs'. Pure. */
import type { Json } from "../../../../cluster/protocol/base.ts";
import type { MetricFacts, ScriptHistory, TrialFacts } from "../../contract.ts";
import type { MetricReport } from "../python/facts.ts";

/** Of a parameter in a trial; `--batch-size`, `batch_size` and `BATCH_SIZE` are one. Undefined: it had none. */
export function valueOf({ parameters }: TrialFacts, name: string): Json | undefined {
  if (Object.hasOwn(parameters, name)) return parameters[name];
  const key = keysOf(parameters).get(plain(name));
  return key === undefined ? undefined : parameters[key];
}

/** By plain names. A script has hundreds of names that may be parameters, and is looked through at each key that is typed. */
const keys = new WeakMap<object, ReadonlyMap<string, string>>();

function keysOf(parameters: TrialFacts["parameters"]): ReadonlyMap<string, string> {
  let found = keys.get(parameters);
  if (!found) {
    // Of several the first one counts.
    found = new Map(
      Object.keys(parameters)
        .toReversed()
        .map((key) => [plain(key), key]),
    );
    keys.set(parameters, found);
  }
  return found;
}

/** The metric that a call reports; of several groups the one that it names, else validation's. */
export function metricOf(
  { metrics }: ScriptHistory,
  { name, group }: Pick<MetricReport, "name" | "group">,
): MetricFacts | null {
  if (name === "") return null;
  const groups = group === null ? ["validation", "training"] : [group];
  const own = groups.map((one) => `${one}/${name}`).find((key) => Object.hasOwn(metrics, key));
  const key = own ?? Object.keys(metrics).find((one) => one.slice(one.indexOf("/") + 1) === name);
  return key === undefined ? null : (metrics[key] ?? null);
}

function plain(name: string): string {
  return name.replaceAll("-", "_").toLowerCase();
}
