/** Rows of the list of runs that were found. Pure. */
import type { FoundRun } from "../../cluster/client/imports/readRuns.ts";
import { oneLine, plural } from "../format.ts";

export interface ImportRow {
  label: string;
  description: string;
  detail: string;
  run: FoundRun;
  /** Which it is in the pool already, if it is. */
  experimentId: number | null;
}

/** Each run once, the newest first. @param known experiments by the ids of runs */
export function importRows(runs: readonly FoundRun[], known: ReadonlyMap<string, number>): ImportRow[] {
  const unique = [...new Map(runs.map((run) => [run.id, run])).values()];
  return unique
    .sort((a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0))
    .map((run) => {
      const experimentId = known.get(run.id) ?? null;
      return {
        label: oneLine(run.name, 100),
        description: [
          run.from,
          run.startedAt === null ? null : new Date(run.startedAt * 1000).toLocaleDateString(),
          experimentId === null ? null : `already imported as #${experimentId}`,
        ]
          .filter((part) => part !== null)
          .join(" · "),
        detail: [
          oneLine(run.source, 100),
          `${plural(run.points, "point")} of ${plural(run.metricCount, "metric")}`,
          ...(run.problems.length === 0 ? [] : [oneLine(run.problems[0] ?? "", 100)]),
        ].join(" · "),
        run,
        experimentId,
      };
    });
}
