/** Metrics that an experiment file names beside what its Python reports. Pure. */
import { valueAt } from "../../../../cluster/client/configuration/words.ts";
import { closest } from "../../../../cluster/protocol/closest.ts";
import { isTrialClass } from "../../../../cluster/protocol/configuration.ts";
import type { ExperimentDocument, Path } from "../experiment/document.ts";
import { valueText } from "../experiment/written.ts";
import type { Link } from "../pairs.ts";
import type { LinkedScript } from "../pairs/follow.ts";
import type { MetricReport } from "../python/facts.ts";
import type { Finding } from "./finding.ts";
import { scriptNames } from "./parameters.ts";

export interface Report {
  readonly file: LinkedScript;
  readonly report: MetricReport;
}

export const METRIC_KEYS = ["metric", "time_metric"] as const;

export function reportsOf({ files }: Pick<Link, "files">): Report[] {
  return files.flatMap((file) =>
    file.facts.metrics.filter(({ nameRange }) => nameRange !== null).map((report) => ({ file, report })),
  );
}

/** As the pool looks for it: a bare name in any group, `group/name` in that one; a report that says no group may be in any. */
export function isReportOf(metric: string, { report: { name, group } }: Report): boolean {
  return name === metric || (group === null ? metric.endsWith(`/${name}`) : metric === `${group}/${name}`);
}

/** How a report is named in a configuration: with its group where others of that name are in another. */
export function metricNames(reports: readonly Report[]): string[] {
  const groups = (metric: string): (string | null)[] => [
    ...new Set(reports.filter(({ report }) => report.name === metric).map(({ report }) => report.group)),
  ];
  const names = new Set<string>();
  for (const { report } of reports) {
    const isAmbiguous =
      groups(report.name).length > 1 && report.group !== null && report.group !== "validation";
    names.add(isAmbiguous ? `${report.group}/${report.name}` : report.name);
  }
  return [...names];
}

export function metricAt({ value }: ExperimentDocument, path: Path): string | null {
  const [top, key] = path;
  if (path.length !== 2 || top !== "searcher" || !METRIC_KEYS.some((one) => one === key)) return null;
  const metric = valueAt(value, ["searcher", String(key)]);
  return typeof metric === "string" && metric !== "" ? metric : null;
}

export function metricFindings(link: Link): Finding[] {
  const { experiment } = link.experiment;
  const reports = reportsOf(link);
  // Without any report in sight a library reports, or another program.
  if (experiment === null || reports.length === 0 || !link.isWhole) return [];
  if (link.files.some(({ facts }) => facts.reportsAnyMetric)) return [];
  const entrypoint = valueAt(experiment.value, ["entrypoint"]);
  if (typeof entrypoint === "string" && isTrialClass(entrypoint)) return [];
  return METRIC_KEYS.flatMap((key) => {
    const path = ["searcher", key];
    const metric = metricAt(experiment, path);
    const range = experiment.rangeOf(path, "value");
    if (metric === null || range === null || reports.some((one) => isReportOf(metric, one))) return [];
    const all = metricNames(reports);
    const meant = closest(metric, metric.includes("/") ? reports.map(fullName) : all);
    const question =
      meant === null
        ? ` It reports ${all
            .slice(0, 6)
            .map((name) => `\`${name}\``)
            .join(", ")}.`
        : ` Did you mean \`${meant}\`?`;
    const fix =
      meant === null ? null : { title: `Use ${meant}`, replace: valueText(experiment.syntax, meant) };
    return [{ range, message: `${scriptNames(link)} never reports \`${metric}\`.${question}`, fix }];
  });
}

function fullName({ report: { group, name } }: Report): string {
  return group === null ? name : `${group}/${name}`;
}
