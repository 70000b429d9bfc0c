/** Which metric says which trial and which checkpoint is best. Pure. */
import type { MetricChoice } from "../protocol/entities.ts";
import { metricDirection, wordsOf } from "../protocol/metricDirection.ts";

export interface MetricName {
  group: string;
  name: string;
}

/** Names of what the script does not train on. */
const HELD_OUT = /(^|[^a-z])(val|valid|validation|eval|evaluation|test)([^a-z]|$)/;

/**
 * @param configured `searcher.metric` as written, if any: `name`, or `group/name`
 * @param metrics what has been reported so far, in order of appearance
 */
export function chooseMetric(
  current: MetricChoice | null,
  configured: { metric: string; smallerIsBetter: boolean } | null,
  metrics: readonly MetricName[],
): MetricChoice | null {
  if (current?.origin === "person" || current?.origin === "configuration") return current;
  const found = configured && findConfigured(configured.metric, metrics);
  if (found !== null)
    return { ...found, smallerIsBetter: configured?.smallerIsBetter ?? true, origin: "configuration" };
  // Until the configured one is reported, if ever, the others have to do; which one may change with each new name.
  const validation = metrics.filter(({ group }) => group === "validation");
  const only = validation.length === 1 ? validation[0] : undefined;
  if (only !== undefined)
    return { ...only, smallerIsBetter: metricDirection(only.name) !== "larger", origin: "only_validation" };
  const others = metrics.filter(({ group }) => isJudging(group));
  const candidates = [...validation, ...others].sort((a, b) => rankOf(a) - rankOf(b));
  for (const metric of candidates) {
    const known = metricDirection(metric.name);
    if (known !== null) return { ...metric, smallerIsBetter: known === "smaller", origin: "guess" };
  }
  return null;
}

/** Validation first, then what has its name; among equals the order of appearance stays. */
function rankOf({ group, name }: MetricName): number {
  return (group === "validation" ? 0 : 2) + (HELD_OUT.test(wordsOf(name)) ? 0 : 1);
}

function isJudging(group: string): boolean {
  return group !== "validation" && group !== "system";
}

/** A bare name looks in validation, then training, then anywhere; `group/name` names its group. */
export function findConfigured(metric: string, metrics: readonly MetricName[]): MetricName | null {
  const bare = metrics.filter(({ name }) => name === metric);
  const found =
    bare.find(({ group }) => group === "validation") ??
    bare.find(({ group }) => group === "training") ??
    bare[0] ??
    metrics.find(({ group, name }) => `${group}/${name}` === metric);
  return found === undefined ? null : { group: found.group, name: found.name };
}
