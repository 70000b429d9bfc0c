/** What is shown of the runs of one document beside its code: places of parameters and metrics, with what is known there. */
import type { Range } from "vscode-languageserver/node";
import type { Json } from "../../../../cluster/protocol/base.ts";
import type { MetricFacts, ScriptHistory } from "../../contract.ts";
import type { OpenDocument } from "../documents.ts";
import type { MetricReport } from "../python/facts.ts";
import { metricOf, valueOf } from "./names.ts";
import type { Results } from "./results.ts";

export interface ShownParameter {
  readonly name: string;
  /** Where one points at it. */
  readonly ranges: readonly Range[];
  /** Of its default, or of what is assigned. */
  readonly valueRange: Range | null;
  readonly written: Json | undefined;
}

export interface ShownMetric {
  readonly report: MetricReport;
  readonly facts: MetricFacts;
}

export interface Shown {
  readonly history: ScriptHistory;
  readonly parameters: readonly ShownParameter[];
  readonly metrics: readonly ShownMetric[];
}

/** @returns null where no run is known */
export async function shownIn(results: Results, document: OpenDocument): Promise<Shown | null> {
  const history = await results.of(document);
  const facts = history === null ? null : (await document.script())?.facts;
  if (history === null || !facts) return null;
  const isKnown = (name: string): boolean =>
    history.trials.some((trial) => valueOf(trial, name) !== undefined) ||
    (history.best !== null && valueOf(history.best, name) !== undefined);
  const reads = facts.parameters.map(
    ({ name, aliases = [], nameRange, defaultRange, default: written }): ShownParameter => ({
      name: [name, ...aliases].find(isKnown) ?? name,
      ranges: [nameRange, ...(defaultRange === null ? [] : [defaultRange])],
      valueRange: defaultRange,
      written,
    }),
  );
  const taken = new Set(reads.map(({ valueRange }) => JSON.stringify(valueRange)));
  const assigned = facts.assignments
    .filter(({ valueRange }) => !taken.has(JSON.stringify(valueRange)))
    .map(({ name, value, range, valueRange }): ShownParameter => ({
      name,
      ranges: [range],
      valueRange,
      written: value,
    }));
  return {
    history,
    parameters: [...reads, ...assigned].filter(({ name }) => isKnown(name)),
    metrics: facts.metrics.flatMap((report) => {
      const known = metricOf(history, report);
      return known === null ? [] : { report, facts: known };
    }),
  };
}
