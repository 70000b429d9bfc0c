/** A search that waits for a metric that is not reported, or is spelled in another way. Pure. */
import { closest } from "../../protocol/closest.ts";
import { findConfigured, type MetricName } from "../../search/metricChoice.ts";

const START = "The search compares trials by";
/** Names that are listed. */
const NAMED = 10;

export const isAboutMetric = (warning: string): boolean => warning.startsWith(START);

/**
 * @param reported by the trial, so far
 * @param hasEnded it reports nothing more
 * @returns a warning, once it is clear that the metric does not come: another validation metric did, or the trial ended
 */
export function metricMissing(
  metric: string | undefined,
  reported: readonly MetricName[],
  hasEnded: boolean,
): string | null {
  if (metric === undefined || reported.length === 0 || findConfigured(metric, reported) !== null) return null;
  const names = reported.map(({ group, name }) => (metric.includes("/") ? `${group}/${name}` : name));
  const meant = closest(metric, [...new Set(names)]);
  if (!hasEnded && meant === null && !reported.some(({ group }) => group === "validation")) return null;
  const listed = reported.slice(0, NAMED).map(({ group, name }) => `${group}/${name}`);
  const more = reported.length > NAMED ? `, and ${reported.length - NAMED} others` : "";
  const question = meant === null ? "" : ` Did you mean \`${meant}\`?`;
  return `${START} \`${metric}\`, which the script does not report; it reports ${listed.join(", ")}${more}.${question} Nothing is stopped early without it.`;
}
