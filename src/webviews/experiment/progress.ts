/** How far an experiment is, in a few words. Pure. */
import type { Trial } from "../../cluster/protocol/entities.ts";
import { againstBaseline } from "./baseline.ts";
import { formatDuration, formatInteger, formatValue } from "./format.ts";
import { latestRun, type PageData } from "./store.ts";

/** An estimate needs some progress and some time to stand on. */
const LEAST_PROGRESS = 0.02;
const LEAST_MS = 10_000;

export function progressWords(data: PageData, trial: Trial | null, nowMs: number): string[] {
  const { experiment } = data;
  const words: string[] = [];
  const start = trial?.startedAt ?? null;
  const isSingle = data.trials.size <= 1;
  if (start !== null && isSingle) words.push(formatDuration((trial?.endedAt ?? nowMs) - start));
  if (!isSingle) {
    const over = (["completed", "stopped", "failed", "killed"] as const).reduce(
      (sum, state) => sum + (experiment.trialCounts[state] ?? 0),
      0,
    );
    words.push(`${over} of ${experiment.trialsPlanned ?? data.trials.size} trials ended`);
  }
  if (isSingle && trial?.latestStep !== null && trial !== null)
    words.push(`step ${formatInteger(trial.latestStep)}`);
  if (isSingle && trial !== null && trial.progress !== null && trial.state === "running") {
    words.push(`${Math.floor(trial.progress * 100)} %`);
  }
  if (experiment.best !== null && experiment.metric !== null) {
    const number = data.trials.get(experiment.best.trialId)?.number;
    const of =
      isSingle || number === undefined ? `step ${formatInteger(experiment.best.step)}` : `trial ${number}`;
    const against = againstBaseline(data);
    const more = against === null ? of : `${against}, ${of}`;
    words.push(`best ${experiment.metric.name} ${formatValue(experiment.best.value)} (${more})`);
  }
  const left = isSingle && trial !== null ? remainingMs(data, trial, nowMs) : null;
  if (left !== null) words.push(`ends in about ${formatDuration(left)}`);
  if (trial !== null && isSingle && trial.restarts > 0) {
    words.push(`restarted ${trial.restarts === 1 ? "once" : `${trial.restarts} times`}`);
  }
  const libraries = trial?.captured ?? [];
  if (libraries.length > 0)
    words.push(`captured from ${listed(libraries.map(({ library, version }) => `${library} ${version}`))}`);
  return words;
}

/** The first two by name. */
function listed(names: readonly string[]): string {
  if (names.length <= 2) return names.join(" and ");
  return `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`;
}

/** Null unless the script tells its progress and the attempt did not start in the middle. */
export function remainingMs(data: PageData, trial: Trial, nowMs: number): number | null {
  const run = latestRun(data, trial);
  if (trial.state !== "running" || trial.progress === null || run === null || run.startedAt === null)
    return null;
  if (run.resumedFromStep !== null || trial.progress < LEAST_PROGRESS || trial.progress >= 1) return null;
  const elapsed = nowMs - run.startedAt;
  return elapsed < LEAST_MS ? null : (elapsed * (1 - trial.progress)) / trial.progress;
}
