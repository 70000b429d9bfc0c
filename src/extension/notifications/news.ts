/** What is worth telling: experiments that ended, metrics that are not a number. Pure. */
import type { Experiment, Trial } from "../../cluster/protocol/entities.ts";
import { formatValue, oneLine, plural } from "../format.ts";
import { experimentTitle } from "../views/labels.ts";
import { isSingle } from "../views/nodes.ts";

export type NewsItem =
  | { kind: "finished"; experiment: Experiment }
  | { kind: "failed"; experiment: Experiment; reason: string | null }
  | { kind: "nan"; experiment: Experiment; trialId: string; metric: string; step: number };

export interface NewsSource {
  readonly experiments: ReadonlyMap<number, Experiment>;
  trialsOf(experimentId: number): readonly Trial[];
}

/** When somebody last looked, and of which experiments it was known by then that a metric is not a number. */
export interface Look {
  atMs: number;
  nan: readonly number[];
}

/** Remembers what was seen, so that each thing is told once. What a person ended (stopped, killed) is no news. */
export class NewsWatch {
  readonly #states = new Map<number, Experiment["state"]>();
  readonly #nan = new Set<number>();
  /** Greatest number so far. What is older and was not known before is no news, whatever is heard of it. */
  #newest = 0;

  /** Of which experiments it is known that a metric is not a number. */
  get nan(): number[] {
    return [...this.#nan];
  }

  /** What there is at the start is known, except what happened after the last look, in an earlier session. */
  start(source: NewsSource, last: Look | null): NewsItem[] {
    const news: NewsItem[] = [];
    for (const experiment of source.experiments.values()) {
      const { id, endedAt } = experiment;
      this.#states.set(id, experiment.state);
      this.#newest = Math.max(this.#newest, id);
      if (last && endedAt !== null && endedAt > last.atMs) news.push(...ended(source, experiment));
      const bad = this.#newNan(source, experiment);
      // What had ended by then has changed no more.
      const isNew = last && !last.nan.includes(id) && (endedAt === null || endedAt > last.atMs);
      if (bad && isNew) news.push(bad);
    }
    return news;
  }

  /** More is known of what was there before: nothing has happened. */
  learned(source: NewsSource, ids: Iterable<number>): void {
    for (const id of ids) {
      const experiment = source.experiments.get(id);
      if (!experiment) continue;
      if (!this.#states.has(id)) this.#states.set(id, experiment.state);
      this.#newNan(source, experiment);
    }
  }

  changed(source: NewsSource, ids: Iterable<number>): NewsItem[] {
    const news: NewsItem[] = [];
    for (const id of ids) {
      const experiment = source.experiments.get(id);
      if (!experiment) {
        this.#states.delete(id);
        this.#nan.delete(id);
        continue;
      }
      const before = this.#states.get(id);
      if (before === undefined && id <= this.#newest) {
        this.learned(source, [id]);
        continue;
      }
      this.#newest = Math.max(this.#newest, id);
      this.#states.set(id, experiment.state);
      if (before !== experiment.state) news.push(...ended(source, experiment));
      const bad = this.#newNan(source, experiment);
      if (bad) news.push(bad);
    }
    return news;
  }

  #newNan(source: NewsSource, experiment: Experiment): NewsItem | null {
    // What was brought in has happened long ago.
    const trial =
      this.#nan.has(experiment.id) || experiment.imported !== undefined
        ? undefined
        : source.trialsOf(experiment.id).find(({ nan }) => nan !== null);
    if (!trial?.nan) return null;
    this.#nan.add(experiment.id);
    return { kind: "nan", experiment, trialId: trial.id, ...trial.nan };
  }
}

function ended(source: NewsSource, experiment: Experiment): NewsItem[] {
  if (experiment.imported !== undefined) return [];
  if (experiment.state === "completed") return [{ kind: "finished", experiment }];
  if (experiment.state !== "failed") return [];
  const failure = source.trialsOf(experiment.id).find((trial) => trial.failure !== null)?.failure;
  return [{ kind: "failed", experiment, reason: failure ? oneLine(failure.message) : null }];
}

export function newsText(item: NewsItem): string {
  const title = experimentTitle(item.experiment);
  switch (item.kind) {
    case "finished": {
      const { best, metric } = item.experiment;
      const trial = best && !isSingle(item.experiment) ? ` (trial ${best.trialId})` : "";
      return best && metric
        ? `${title} finished: best ${metric.name} ${formatValue(best.value)}${trial}`
        : `${title} finished`;
    }
    case "failed":
      return item.reason === null ? `${title} failed` : `${title} failed: ${item.reason}`;
    case "nan":
      return `${title}: ${item.metric} is not a number since step ${item.step}`;
  }
}

/** `12 finished (best 0.231), 1 failed`; null when there is nothing to say. */
export function summaryText(items: readonly NewsItem[]): string | null {
  const finished = items.filter((item) => item.kind === "finished").map(({ experiment }) => experiment);
  const failed = items.filter((item) => item.kind === "failed").length;
  const nan = items.filter((item) => item.kind === "nan").length;
  const parts: string[] = [];
  if (finished.length > 0) {
    const best = bestOf(finished);
    parts.push(`${finished.length} finished${best === null ? "" : ` (best ${formatValue(best)})`}`);
  }
  if (failed > 0) parts.push(`${failed} failed`);
  if (nan > 0) parts.push(`${plural(nan, "experiment")} with a metric that is not a number`);
  return parts.length === 0 ? null : parts.join(", ");
}

/** Null where the values do not measure the same thing. */
function bestOf(experiments: readonly Experiment[]): number | null {
  const [first] = experiments;
  if (!first?.metric) return null;
  const { group, name, smallerIsBetter } = first.metric;
  const values: number[] = [];
  for (const { metric, best } of experiments) {
    if (!best) continue;
    if (metric?.group !== group || metric.name !== name || metric.smallerIsBetter !== smallerIsBetter)
      return null;
    values.push(best.value);
  }
  if (values.length === 0) return null;
  return smallerIsBetter ? Math.min(...values) : Math.max(...values);
}
