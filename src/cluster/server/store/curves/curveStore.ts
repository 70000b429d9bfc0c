/** Curves on disk (runCurves.ts) and in memory: of the trials used last. */
import fs from "node:fs";
import path from "node:path";
import type { CurveStore, Logger } from "../../ports.ts";
import { seriesOf } from "./reportSeries.ts";
import { PageDamaged } from "./pageFile.ts";
import { attemptOf, RUN_FILES, RunCurves, trialOf } from "./runCurves.ts";
import type { Block } from "./segment.ts";
import { TrialCurves } from "./trialCurves.ts";

/**
 * Curves of trials beyond this many bytes are dropped from memory, the longest unused first, and read again when asked for;
 * but not those of running ones, which every round of the server looks at. Points are not counted, for most are never in it.
 */
const MEMORY_BYTES = 96 * 1024 * 1024;

/** Also of a summary that was being written when the server was killed. */
const ALL_ENDINGS = [...Object.values(RUN_FILES), `${RUN_FILES.summary}.tmp`];

/** @param folder where the segments live (`<pool>/state/curves`); made when it is missing */
export function createCurveStore(folder: string, logger: Logger, memoryBytes = MEMORY_BYTES): CurveStore {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Map keeps insertion order: the first key is the trial that was used longest ago.
  const loaded = new Map<string, TrialCurves>();
  const held = new Set<string>();
  const sizes = new Map<string, number>();
  let bytes = 0;
  let isKnown: Map<string, Set<string>> | null = null;

  /** Runs of a trial that have a segment. The folder is read once: it has as many files as there were runs. */
  function runsOf(trialId: string): Set<string> {
    if (isKnown === null) {
      isKnown = new Map();
      for (const name of fs.readdirSync(folder))
        if (name.endsWith(RUN_FILES.segment)) know(name.slice(0, -RUN_FILES.segment.length));
    }
    return isKnown.get(trialId) ?? new Set();
  }
  function know(runId: string): void {
    const runs = isKnown?.get(trialOf(runId));
    if (runs === undefined) isKnown?.set(trialOf(runId), new Set([runId]));
    else runs.add(runId);
  }

  function open(trialId: string): TrialCurves {
    let trial = loaded.get(trialId);
    if (trial === undefined) {
      const runs = [...runsOf(trialId)].sort((a, b) => attemptOf(a) - attemptOf(b));
      trial = new TrialCurves(
        trialId,
        runs.map((runId) => new RunCurves(folder, runId, logger)),
      );
      loaded.set(trialId, trial);
      measure(trial);
    } else {
      loaded.delete(trialId);
      loaded.set(trialId, trial);
    }
    return trial;
  }

  /** Looks into a trial, also when what spares reading its segments turns out to be damaged. */
  function look<T>(trialId: string, work: (trial: TrialCurves) => T): T {
    const trial = open(trialId);
    try {
      return work(trial);
    } catch (error) {
      if (!(error instanceof PageDamaged)) throw error;
      for (const run of trial.runs) run.rebuild();
      return work(trial);
    }
  }

  function measure(trial: TrialCurves): void {
    const now = trial.byteLength;
    bytes += now - (sizes.get(trial.trialId) ?? 0);
    sizes.set(trial.trialId, now);
    if (bytes > memoryBytes) shrink(trial.trialId);
  }

  function shrink(keep: string | null): void {
    const stay = new Set([keep, ...[...held].map(trialOf)]);
    for (const [trialId, trial] of loaded) {
      if (bytes <= memoryBytes) return;
      if (stay.has(trialId)) continue;
      for (const run of trial.runs) run.sumUp();
      forget(trialId);
    }
  }

  function forget(trialId: string): void {
    loaded.delete(trialId);
    bytes -= sizes.get(trialId) ?? 0;
    sizes.delete(trialId);
  }

  function write(runId: string, block: Block): void {
    const trial = open(trialOf(runId));
    let run = trial.runs.find((one) => one.runId === runId);
    if (run === undefined) {
      run = new RunCurves(folder, runId, logger);
      trial.add(run);
    }
    run.write(block);
    know(runId);
    trial.hasGrown(run);
    measure(trial);
  }

  const cursorsOf = (runId: string): ReadonlyMap<string, number> =>
    open(trialOf(runId)).runs.find((run) => run.runId === runId)?.cursors ?? new Map<string, number>();

  return {
    append(report) {
      const known = cursorsOf(report.runId);
      // The whole report or nothing: one that does not go on where the last one ended was read from an older place.
      if (report.sources.some(({ file, from }) => from !== (known.get(file) ?? 0))) return;
      if (report.sources.length === 0) return;
      const { systemStartMs } = open(trialOf(report.runId));
      write(report.runId, { sources: report.sources, series: seriesOf(report, systemStartMs) });
    },
    hold: (runId) => void held.add(runId),
    release(runId) {
      held.delete(runId);
      const trial = loaded.get(trialOf(runId));
      trial?.runs.find((run) => run.runId === runId)?.sumUp();
      shrink(null);
    },
    cursors: (runId) => new Map(cursorsOf(runId)),
    supersede(runId, step) {
      const trial = open(trialOf(runId));
      if (trial.runs.find((run) => run.runId === runId)?.supersede === step) return;
      write(runId, { sources: [], series: [], supersede: step });
    },
    list: (trialId) => look(trialId, (trial) => trial.list()),
    read: (series, cursor, resolution) =>
      look(series.trialId, (trial) => trial.read(series, cursor, resolution)),
    best: (trialId, group, name, smallerIsBetter) =>
      look(trialId, (trial) => trial.best(group, name, smallerIsBetter)),
    valuesAt: (runId, step) => look(trialOf(runId), (trial) => trial.valuesAt(attemptOf(runId), step)),
    bytes: (trialId) =>
      [...runsOf(trialId)].flatMap(filesOf).reduce((sum, file) => sum + (sizeOf(file) ?? 0), 0),
    delete(trialId) {
      for (const file of [...runsOf(trialId)].flatMap(filesOf)) fs.rmSync(file, { force: true });
      isKnown?.delete(trialId);
      forget(trialId);
    },
    close() {
      for (const trial of loaded.values()) for (const run of trial.runs) run.sumUp();
      for (const trialId of [...loaded.keys()]) forget(trialId);
    },
  };

  function filesOf(runId: string): string[] {
    return ALL_ENDINGS.map((ending) => path.join(folder, `${runId}${ending}`));
  }
}

function sizeOf(file: string): number | undefined {
  return fs.statSync(file, { throwIfNoEntry: false })?.size;
}
