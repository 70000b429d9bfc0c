/**
 * Takes in what runs report. First everything but the curves is remembered (idempotent), then the points are appended, which
 * also moves the place from which a run is read after a restart: whenever the server dies, nothing is lost.
 */
import path from "node:path";
import type { SearcherConfiguration } from "../../protocol/configuration.ts";
import type { Checkpoint } from "../../protocol/entities.ts";
import {
  BEYOND,
  MAX_CHECKPOINTS_OF_TRIAL,
  MAX_PARAMETERS,
  MAX_PARAMETERS_BYTES,
} from "../../protocol/limits.ts";
import type { RunEvent } from "../../protocol/runDirectory.ts";
import { timeMetricOf } from "../../search/settings.ts";
import { messageOf } from "../errors.ts";
import type { RunReport } from "../ports.ts";
import { slices } from "../slices.ts";
import type { ExperimentRecord, RunRecord, TrialRecord } from "../store/records.ts";
import { describe, withLibrary } from "./captured.ts";
import { findUnlisted, readCheckpoint } from "./checkpoints.ts";
import { stepsOf, withReported, withValues } from "./checkpointValues.ts";
import type { Context } from "./context.ts";
import { createCurveLimit } from "./curveLimit.ts";
import { createMask } from "./masking.ts";
import { chooseMetric, findConfigured, type MetricName } from "../../search/metricChoice.ts";
import { isAboutMetric, metricMissing } from "./metricMissing.ts";
import { pausableOf } from "./pausable.ts";
import { isFinal, rollUp } from "./rollup.ts";
import { validationsIn, type Validation } from "./search.ts";
import { toldNow } from "./trialTime.ts";

/** Metrics change a trial many times a second; clients hear of it at most this often. */
const ANNOUNCE_MS = 1000;
/** Trials of one experiment in one transaction. */
const ANNOUNCED_AT_ONCE = 20;
const WARNINGS_KEPT = 50;

export type Reports = ReturnType<typeof createReports>;

export function createReports(
  context: Context,
  validated: (trialId: string, validations: readonly Validation[]) => void,
  isListed: (checkpointUuid: string) => void,
  areUnneeded: (trialId: string, checkpointUuids: readonly string[]) => Promise<void>,
) {
  const { store, curves, secrets, logger } = context;
  const checkpointsFolder = path.join(context.pool, "checkpoints");
  const curveLimit = createCurveLimit(curves);
  /** Trials that have changed since clients heard of them. */
  const stale = new Map<string, { heardAt: number }>();
  const heardAt = new Map<string, number>();

  async function take(reported: RunReport): Promise<void> {
    const run = store.run(reported.runId);
    const { report, leftOut } = curveLimit.within(run?.run.trialId ?? "", reported);
    if (leftOut > 0 && run !== null) warnBeyond(run.run.trialId, "curves", leftOut);
    if (report.filesLeftOut && run !== null) warnBeyond(run.run.trialId, "eventFiles", report.filesLeftOut);
    const told = report.events.flatMap(({ event }) => (event.type === "checkpoint" ? [event.uuid] : []));
    if (run !== null) await takeIn(run, report, told);
  }

  /** The run has ended: looks for checkpoints of which it could not tell any more. */
  async function takeUntold(runId: string): Promise<void> {
    const run = store.run(runId);
    if (run === null) return;
    curveLimit.forget(run.run.trialId);
    const untold = await untoldCheckpoints(run);
    await takeIn(run, { runId, events: [], skippedLines: 0, sources: [] }, untold);
  }

  /** Shown on the trial, once for each limit. */
  function warnBeyond(trialId: string, limit: keyof typeof BEYOND, leftOut: number): void {
    const record = store.trial(trialId);
    if (record === null || record.own.warningCodes.includes(limit)) return;
    logger.warn("more than is kept was reported", { trialId, limit, leftOut });
    warn(record, limit, BEYOND[limit]);
    store.putTrialQuietly(record);
  }

  async function takeIn(run: RunRecord, report: RunReport, checkpoints: readonly string[]): Promise<void> {
    const listed: Checkpoint[] = [];
    const problems: string[] = [];
    for (const uuid of new Set(checkpoints)) {
      if (store.hasCheckpoint(uuid)) continue;
      if (store.checkpointCount(run.run.trialId) + listed.length >= MAX_CHECKPOINTS_OF_TRIAL) {
        warnBeyond(run.run.trialId, "checkpoints", 1);
        break;
      }
      const read = await readCheckpoint(checkpointsFolder, uuid, run.run);
      if ("problem" in read) problems.push(read.problem);
      else listed.push(read.checkpoint);
      if ("isShortened" in read && read.isShortened) warnBeyond(run.run.trialId, "metadata", 1);
    }
    const isUrgent = store.transaction(() => remember(run, report, listed, problems));
    for (const { uuid } of listed) isListed(uuid);
    tellSearcher(run, report);
    const unneeded = report.events.flatMap(({ event }) => (event.type === "unneeded" ? [event.uuid] : []));
    if (unneeded.length > 0) await areUnneeded(run.run.trialId, unneeded);
    curves.append(report);
    markStale(run.run.trialId);
    if (isUrgent) announceTrial(run.run.trialId);
  }

  /** After the rest is remembered and before the curves move on: what was told is remembered with it, so nothing is told twice. */
  function tellSearcher({ run }: RunRecord, report: RunReport): void {
    const trial = store.trial(run.trialId);
    const experiment = trial && store.experiment(trial.trial.experimentId);
    if (trial === null || experiment === null) return;
    const { searcher } = experiment.own.request.configuration.value;
    const { metric, name: searcherName } = searcher;
    if (metric === undefined || searcherName === "single") return;
    const isValidated =
      curves.list(trial.trial.id).some(({ group, name }) => group === "validation" && name === metric) ||
      report.events.some(
        ({ event }) => event.type === "metrics" && event.group === "validation" && metric in event.values,
      );
    const heard = validationsIn(report.events, searcher, trial.own.searcherTime ?? -Infinity, isValidated);
    if (heard.lacksTime) warnOfTime(trial, searcher);
    if (heard.validations.length > 0) validated(trial.trial.id, heard.validations);
  }

  function warnOfTime(trial: TrialRecord, searcher: SearcherConfiguration): void {
    warn(
      trial,
      "timeMetric",
      `The search compares trials by \`${timeMetricOf(searcher) ?? "step"}\`, and ${searcher.metric ?? "the metric"} was reported without it: report both in one call.`,
    );
    store.putTrialQuietly(trial);
  }

  async function untoldCheckpoints({ run, own }: RunRecord): Promise<string[]> {
    if (own.spec.imported !== undefined) return [];
    const since = run.startedAt ?? store.trial(run.trialId)?.trial.createdAt ?? 0;
    try {
      return await findUnlisted(checkpointsFolder, run.id, since, store.hasCheckpoint);
    } catch (error) {
      logger.warn("could not look for checkpoints of a run", { runId: run.id, error: messageOf(error) });
      return [];
    }
  }

  function remember(run: RunRecord, report: RunReport, listed: Checkpoint[], problems: string[]): boolean {
    const record = store.trial(run.run.trialId);
    if (record === null) return false;
    const { trial, own } = record;
    const mask = createMask(secrets.read(trial.experimentId));
    if (listed.length > 0) own.hasProgress = true;
    for (const checkpoint of withOwnValues(run, report, listed)) store.putCheckpoint(mask(checkpoint));
    trial.latestCheckpoint = store.latestCheckpoint(trial.id)?.uuid ?? null;
    for (const problem of problems) warn(record, problem, problem);
    if (report.skippedLines > 0)
      warn(
        record,
        "skipped",
        "Lines of the run's event files that are no events (their step is NaN, say), or longer than 1 MiB, were skipped.",
      );
    const before = own.furthestStep;
    for (const { rank, event } of report.events) applyEvent(record, rank, event, mask);
    describeAll(record, report, mask);
    const current = store.run(run.run.id);
    if (current !== null) noteFirstStep(record, current, report);
    if (current !== null && (listed.length > 0 || own.furthestStep !== before)) rememberProgress(current);
    trial.pausable = pausableOf(trial);
    store.putTrialQuietly(record);
    return listed.length > 0 || problems.length > 0;
  }

  /** What the script calls itself. */
  function describeAll(record: TrialRecord, { events }: RunReport, mask: <T>(value: T) => T): void {
    const told = events.flatMap(({ event }) => (event.type === "captured" ? [mask(event)] : []));
    const experiment = told.length === 0 ? null : store.experiment(record.trial.experimentId);
    if (experiment === null) return;
    const hasChanged = told.map((event) => describe(experiment, record, event)).some(Boolean);
    if (hasChanged) store.putExperiment(experiment);
  }

  /** Whether a run goes on from the checkpoint that it was given shows in the first step that it reports. */
  function noteFirstStep(record: TrialRecord, run: RunRecord, { events }: RunReport): void {
    if (run.own.firstStep !== undefined) return;
    const first = events.find(
      ({ rank, event }) => rank === 0 && event.type === "metrics" && event.group !== "system",
    )?.event;
    if (first?.type !== "metrics") return;
    run.own.firstStep = first.step;
    store.putRun(run);
    const { trialId, attempt, resumedFromStep } = run.run;
    const began = store
      .runsOf(trialId)
      .filter((earlier) => earlier.attempt < attempt)
      .flatMap(({ id }) => store.run(id)?.own.firstStep ?? []);
    // With somebody else's checkpoint it may begin at 0. Steps of checkpoints may be counted in other units than those of reports.
    if (began.length === 0 || resumedFromStep === null) return;
    if (first.step <= Math.min(...began) && first.step < (record.own.furthestStep ?? 0)) {
      record.own.startsOver = true;
      warn(record, "startsOver", startsOver(first.step, resumedFromStep));
      return;
    }
    const experiment = store.experiment(record.trial.experimentId);
    if (experiment === null || experiment.own.hasResumed) return;
    experiment.own.hasResumed = true;
    store.putExperiment(experiment);
  }

  function rememberProgress(run: RunRecord): void {
    if (run.own.gotFurther) return;
    store.putRun({ ...run, own: { ...run.own, gotFurther: true } });
    const experiment = store.experiment(run.own.spec.experiment);
    if (experiment === null || run.run.startedAt === null) return;
    experiment.own.moves = { ...experiment.own.moves, returnMs: Date.now() - run.run.startedAt };
    store.putExperiment(experiment);
  }

  /** The new checkpoints, and those of before that the report has values for. */
  function withOwnValues({ run }: RunRecord, report: RunReport, listed: Checkpoint[]): Checkpoint[] {
    const steps = stepsOf(report.events);
    const before = steps === null ? [] : store.checkpointsBetween(run.trialId, steps.from, steps.to);
    const fresh = listed.map((each) => withValues(each, curves.valuesAt(run.id, each.step)));
    return withReported([...before.filter(({ runId }) => runId === run.id), ...fresh], report.events);
  }

  /** Computes what follows from the curves and tells the clients: for all of an experiment at once, as it sums up its trials. */
  function announce(experimentId: number, trialIds: readonly string[]): void {
    store.transaction(() => {
      const experiment = store.experiment(experimentId);
      if (experiment !== null) {
        for (const trialId of trialIds) refresh(experiment, trialId);
        sumUp(experiment);
      }
      for (const trialId of trialIds) store.announceTrial(trialId);
    });
    // Only now: what had no room is told again.
    for (const trialId of trialIds) {
      stale.delete(trialId);
      heardAt.set(trialId, Date.now());
    }
  }

  function announceTrial(trialId: string): void {
    announce(experimentOf(trialId), [trialId]);
  }

  function refresh(experiment: ExperimentRecord, trialId: string): void {
    const record = store.trial(trialId);
    if (record === null) return;
    const { searcher } = experiment.own.request.configuration.value;
    const series = curves.list(trialId).filter(({ rank, group }) => rank === 0 && group !== "system");
    const metric = chooseMetric(
      experiment.experiment.metric,
      searcher.metric === undefined
        ? null
        : { metric: searcher.metric, smallerIsBetter: searcher.smaller_is_better },
      series,
    );
    const steps = series.map(({ lastStep }) => lastStep).filter(Number.isFinite);
    record.trial.latestStep = steps.length === 0 ? record.trial.latestStep : Math.max(...steps);
    tellOfMetric(experiment, record, series);
    const hasNewMetric = JSON.stringify(metric) !== JSON.stringify(experiment.experiment.metric);
    experiment.experiment.metric = metric;
    record.trial.best = bestOf(trialId, experiment.experiment);
    store.putTrialQuietly(record);
    if (hasNewMetric) refreshOthers(trialId, experiment.experiment);
  }

  function sumUp(record: ExperimentRecord): void {
    const { experiment, own } = record;
    Object.assign(
      experiment,
      rollUp(experiment, store.trialsOf(experiment.id), Date.now(), own.held === "ended"),
    );
    store.putExperiment(record);
  }

  /** Said once for the experiment, until the metric is reported after all. */
  function tellOfMetric(
    { experiment, own }: ExperimentRecord,
    { trial }: TrialRecord,
    series: readonly MetricName[],
  ): void {
    const { searcher } = own.request.configuration.value;
    if (searcher.name === "single") return;
    const warning = metricMissing(searcher.metric, series, isFinal(trial.state));
    const known = experiment.warnings.find(isAboutMetric);
    const isReported = searcher.metric !== undefined && findConfigured(searcher.metric, series) !== null;
    if (known !== undefined && !isReported) return;
    const others = experiment.warnings.filter((each) => !isAboutMetric(each));
    experiment.warnings = warning === null ? others : [...others, warning];
  }

  /** Another metric judges now, so every trial has another best. */
  function refreshOthers(
    exceptTrialId: string,
    experiment: Parameters<typeof bestOf>[1] & { id: number },
  ): void {
    for (const { id } of store.trialsOf(experiment.id)) {
      const record = id === exceptTrialId ? null : store.trial(id);
      if (record === null) continue;
      record.trial.best = bestOf(id, experiment);
      store.putTrial(record);
    }
  }

  function bestOf(
    trialId: string,
    { metric }: { metric: { group: string; name: string; smallerIsBetter: boolean } | null },
  ) {
    const best = metric && curves.best(trialId, metric.group, metric.name, metric.smallerIsBetter);
    return best !== null && [best.value, best.step, best.at].every(Number.isFinite) ? best : null;
  }

  function markStale(trialId: string): void {
    if (!stale.has(trialId)) stale.set(trialId, { heardAt: heardAt.get(trialId) ?? 0 });
  }

  return {
    take,
    takeUntold,
    markStale,
    /** Shown on the trial, once per code. */
    warn(trialId: string, code: string, message: string): void {
      const record = store.trial(trialId);
      if (record === null) return;
      warn(record, code, message);
      store.putTrialQuietly(record);
    },
    /** The person chose a metric, or the run has ended: at once. */
    announce: announceTrial,
    /** Tells the clients about trials whose last word is a second old. */
    async announceStale(): Promise<void> {
      const now = Date.now();
      const pause = slices();
      const due = [...stale].filter(([, { heardAt: before }]) => now - before >= ANNOUNCE_MS);
      for (const [experimentId, trials] of Map.groupBy(due, ([trialId]) => experimentOf(trialId)))
        for (let at = 0; at < trials.length; at += ANNOUNCED_AT_ONCE) {
          const trialIds = trials.slice(at, at + ANNOUNCED_AT_ONCE).map(([trialId]) => trialId);
          try {
            announce(experimentId, trialIds);
          } catch (error) {
            logger.error("could not sum up trials", { experimentId, trialIds, error: messageOf(error) });
          }
          await pause();
        }
    },
    forget(trialId: string): void {
      curveLimit.forget(trialId);
      stale.delete(trialId);
      heardAt.delete(trialId);
    },
  };
}

/** A trial's id begins with the number of its experiment. */
function experimentOf(trialId: string): number {
  return Number(trialId.slice(0, trialId.indexOf(".")));
}

function applyEvent(record: TrialRecord, rank: number, event: RunEvent, mask: <T>(value: T) => T): void {
  const { trial, own } = record;
  switch (event.type) {
    case "metrics":
      own.hasProgress = true;
      if (own.furthestStep === undefined || event.step > own.furthestStep) own.furthestStep = event.step;
      if (trial.nan === null && Number.isFinite(event.step))
        for (const [name, value] of Object.entries(event.values))
          if (Number.isNaN(value)) {
            trial.nan = { metric: `${event.group}/${name}`, step: event.step };
            break;
          }
      break;
    case "progress":
      if (rank === 0) {
        trial.progress = event.fraction;
        own.told = toldNow(record, event.fraction);
      }
      break;
    case "params":
      addParameters(record, parametersOf(event, mask));
      break;
    case "warning":
      warn(record, event.code, mask(event.message));
      break;
    case "captured":
      trial.captured = withLibrary(trial.captured ?? [], event);
      break;
    case "invalid_hp":
      own.invalidHyperparameters = mask(event.message);
      break;
    case "checkpoint": // listed apart, once its manifest has been read
    case "unneeded": // collected apart
    case "ack":
    case "system":
      break;
  }
}

/** All that one event tells, or nothing of it. */
function addParameters(record: TrialRecord, parameters: TrialRecord["trial"]["parameters"]): void {
  const all = { ...record.trial.parameters, ...parameters };
  const isTooMuch =
    Object.keys(all).length > MAX_PARAMETERS || JSON.stringify(all).length > MAX_PARAMETERS_BYTES;
  if (isTooMuch) warn(record, "parameters", BEYOND.parameters);
  else record.trial.parameters = all;
}

function startsOver(step: number, from: number): string {
  return `It was given its checkpoint of step ${from} and began at step ${step}: the script has to go on from \`run.latest_checkpoint\`. It is not asked for its slots again.`;
}

function parametersOf(
  { values, origin }: Extract<RunEvent, { type: "params" }>,
  mask: <T>(value: T) => T,
): TrialRecord["trial"]["parameters"] {
  const parameters: TrialRecord["trial"]["parameters"] = {};
  const flatten = (nested: typeof values, prefix: string) => {
    for (const [key, value] of Object.entries(nested)) {
      const name = `${prefix}${key}`;
      if (typeof value === "object" && value !== null && !Array.isArray(value) && origin[name] === undefined)
        flatten(value, `${name}.`);
      else parameters[name] = { value: mask(value), origin: origin[name] ?? "default" };
    }
  };
  flatten(values, "");
  return parameters;
}

/** Once per code, and not without end. */
function warn({ trial, own }: TrialRecord, code: string, message: string): void {
  if (own.warningCodes.includes(code) || own.warningCodes.length >= WARNINGS_KEPT) return;
  own.warningCodes.push(code);
  trial.warnings.push(message);
}
