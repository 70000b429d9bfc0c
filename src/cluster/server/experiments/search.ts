/** Between an experiment and its searcher: what the searcher is asked about, and which reports it hears of. Pure. */
import type { SearcherConfiguration } from "../../protocol/configuration.ts";
import { changeSearch, checkedSpace } from "../../search/change.ts";
import type { Search } from "../../search/searcher.ts";
import { searcherOf } from "../../search/searchers.ts";
import { timeMetricOf } from "../../search/settings.ts";
import type { ReportedEvent } from "../ports.ts";
import type { ExperimentRecord } from "../store/records.ts";

/** As it was submitted and changed since. @throws Error for hyperparameters that were not checked */
export function searchOf(
  own: Pick<ExperimentRecord["own"], "request" | "experimentSeed" | "changes">,
): Search {
  const { searcher, hyperparameters } = own.request.configuration.value;
  const space = checkedSpace(own.changes?.hyperparameters ?? hyperparameters);
  const search: Search = { configuration: searcher, space, experimentSeed: own.experimentSeed };
  return own.changes?.maxTrials === undefined
    ? search
    : changeSearch(search, { maxTrials: own.changes.maxTrials });
}

/** Trials that there will be in all, those that were added by hand among them. */
export function plannedOf({ own }: ExperimentRecord): number | null {
  const planned = searcherOf(own.searcher)?.planned(searchOf(own)) ?? null;
  return planned === null ? null : planned + (own.added?.length ?? 0);
}

export interface Validation {
  value: number;
  time: number;
}
export interface Heard {
  /** In the order of the reports, each further than the one before. */
  validations: Validation[];
  /** A value of the metric came without the time metric. */
  lacksTime: boolean;
}

/**
 * Values of the searcher's metric in a report, with how far the trial had trained. Nothing is heard twice: what is not beyond
 * `after` was told already, before a restart of the server or of the trial.
 *
 * @param isValidated the trial reports the metric as `validation`: then other groups of that name do not count
 */
export function validationsIn(
  events: readonly ReportedEvent[],
  searcher: SearcherConfiguration,
  after: number,
  isValidated: boolean,
): Heard {
  const { metric } = searcher;
  const timeMetric = timeMetricOf(searcher);
  const heard: Heard = { validations: [], lacksTime: false };
  if (metric === undefined) return heard;
  let last = after;
  for (const { rank, event } of events) {
    if (rank !== 0 || event.type !== "metrics" || event.group === "system") continue;
    const prefix = `${event.group}/`;
    const isNamed = metric.startsWith(prefix);
    const value = event.values[isNamed ? metric.slice(prefix.length) : metric];
    if (value === undefined || (!isNamed && event.group !== "validation" && isValidated)) continue;
    const time = timeMetric === null ? event.step : event.values[timeMetric];
    if (time === undefined) heard.lacksTime = true;
    else if (time > last) {
      heard.validations.push({ value, time });
      last = time;
    }
  }
  return heard;
}
