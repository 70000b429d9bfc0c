/** Between an experiment and its searcher: what the searcher is asked about, and which reports it hears of. Pure. */
import type { ExperimentConfiguration, SearcherConfiguration } from "../../protocol/configuration.ts";
import type { Search } from "../../search/searcher.ts";
import { timeMetricOf } from "../../search/settings.ts";
import { readSpace } from "../../search/space.ts";
import type { ReportedEvent } from "../ports.ts";

/** @throws Error for hyperparameters that were not checked */
export function searchOf(configuration: ExperimentConfiguration, experimentSeed: number): Search {
  const read = readSpace(configuration.hyperparameters);
  if ("problems" in read) throw new Error("these hyperparameters were not checked");
  return { configuration: configuration.searcher, space: read.space, experimentSeed };
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
