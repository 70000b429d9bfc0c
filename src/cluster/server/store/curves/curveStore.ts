/** Curves on disk (segment.ts, one file a run) and in memory (trialCurves.ts, the trials used last). */
import fs from "node:fs";
import path from "node:path";
import type { Params } from "../../../protocol/methods.ts";
import type { CurveStore, Logger, ReportedEvent, RunReport } from "../../ports.ts";
import { type Block, type BlockSeries, decodeBlocks, encodeBlock } from "./segment.ts";
import { TrialCurves } from "./trialCurves.ts";

/**
 * Curves of trials beyond this many bytes are dropped from memory, the longest unused first, and read again when asked for;
 * but not those of running ones, which every round of the server looks at.
 */
const MEMORY_BYTES = 128 * 1024 * 1024;

interface Loaded {
  curves: TrialCurves;
  /** run id -> event file -> byte up to which it has been read */
  cursors: Map<string, Map<string, number>>;
}

/** @param folder where the segments live (`<pool>/state/curves`); made when it is missing */
export function createCurveStore(folder: string, logger: Logger, memoryBytes = MEMORY_BYTES): CurveStore {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Map keeps insertion order: the first key is the trial that was used longest ago.
  const loaded = new Map<string, Loaded>();
  const held = new Set<string>();
  const segmentOf = (runId: string) => path.join(folder, `${runId}.seg`);

  function open(trialId: string): Loaded {
    let trial = loaded.get(trialId);
    if (trial === undefined) trial = load(trialId);
    else loaded.delete(trialId);
    loaded.set(trialId, trial);
    shrink(trialId);
    return trial;
  }

  function load(trialId: string): Loaded {
    const trial: Loaded = { curves: new TrialCurves(trialId), cursors: new Map() };
    for (const runId of runsOf(trialId)) {
      const file = fs.readFileSync(segmentOf(runId));
      const { blocks, validBytes } = decodeBlocks(file);
      if (validBytes < file.byteLength) {
        logger.warn("a curve file was cut short; reading goes on from the run's own files", {
          runId,
          validBytes,
        });
        fs.truncateSync(segmentOf(runId), validBytes);
      }
      for (const block of blocks) apply(trial, runId, block);
    }
    return trial;
  }

  function runsOf(trialId: string): string[] {
    return fs
      .readdirSync(folder)
      .filter((name) => name.startsWith(`${trialId}.`) && name.endsWith(".seg"))
      .map((name) => name.slice(0, -".seg".length))
      .filter((runId) => trialOf(runId) === trialId)
      .sort((a, b) => attemptOf(a) - attemptOf(b));
  }

  function shrink(keep: string): void {
    let bytes = 0;
    for (const { curves } of loaded.values()) bytes += curves.byteLength;
    const stay = new Set([keep, ...[...held].map(trialOf)]);
    for (const [trialId, { curves }] of loaded) {
      if (bytes <= memoryBytes) return;
      if (stay.has(trialId)) continue;
      bytes -= curves.byteLength;
      loaded.delete(trialId);
    }
  }

  function write(runId: string, block: Block): void {
    const trial = open(trialOf(runId));
    fs.appendFileSync(segmentOf(runId), encodeBlock(block), { mode: 0o600 });
    apply(trial, runId, block);
  }

  return {
    append(report) {
      const trial = open(trialOf(report.runId));
      const known = trial.cursors.get(report.runId);
      // The whole report or nothing: one that does not go on where the last one ended was read from an older place.
      if (report.sources.some(({ file, from }) => from !== (known?.get(file) ?? 0))) return;
      if (report.sources.length === 0) return;
      write(report.runId, { sources: report.sources, series: seriesOf(report, trial.curves.systemStartMs) });
    },
    hold: (runId) => void held.add(runId),
    release: (runId) => void held.delete(runId),
    cursors(runId) {
      return open(trialOf(runId)).cursors.get(runId) ?? new Map<string, number>();
    },
    supersede(runId, step) {
      const trial = open(trialOf(runId));
      if (trial.curves.supersede(attemptOf(runId), step))
        write(runId, { sources: [], series: [], supersede: step });
    },
    list: (trialId) => open(trialId).curves.list(),
    read: (series, cursor, resolution: Params<"series/read">["resolution"]) =>
      open(series.trialId).curves.read(series, cursor, resolution),
    best: (trialId, group, name, smallerIsBetter) => open(trialId).curves.best(group, name, smallerIsBetter),
    valuesAt: (runId, step) => open(trialOf(runId)).curves.valuesAt(attemptOf(runId), step),
    bytes: (trialId) => runsOf(trialId).reduce((sum, runId) => sum + fs.statSync(segmentOf(runId)).size, 0),
    delete(trialId) {
      for (const runId of runsOf(trialId)) fs.rmSync(segmentOf(runId), { force: true });
      loaded.delete(trialId);
    },
    close() {
      loaded.clear();
    },
  };
}

function apply(trial: Loaded, runId: string, block: Block): void {
  trial.curves.apply(attemptOf(runId), block);
  const cursors = trial.cursors.get(runId) ?? new Map<string, number>();
  trial.cursors.set(runId, cursors);
  for (const { file, to } of block.sources) cursors.set(file, to);
}

/** The points of a report, series by series. */
function seriesOf(report: RunReport, systemStartMs: number | null): BlockSeries[] {
  const rows = new Map<
    string,
    { group: string; name: string; rank: number; step: number[]; time: number[]; value: number[] }
  >();
  let systemZeroMs = systemStartMs;
  const add = (group: string, rank: number, step: number, timeMs: number, values: Record<string, number>) => {
    for (const [name, value] of Object.entries(values)) {
      const id = `${rank}\u0000${group}\u0000${name}`;
      let row = rows.get(id);
      if (row === undefined) rows.set(id, (row = { group, name, rank, step: [], time: [], value: [] }));
      row.step.push(step);
      row.time.push(timeMs);
      row.value.push(value);
    }
  };
  for (const { rank, event } of report.events satisfies ReportedEvent[]) {
    const timeMs = event.t * 1000;
    if (event.type === "metrics") add(event.group, rank, event.step, timeMs, event.values);
    if (event.type === "system") {
      systemZeroMs ??= timeMs;
      add("system", rank, (timeMs - systemZeroMs) / 1000, timeMs, event.values);
    }
  }
  return [...rows.values()].map(({ group, name, rank, step, time, value }) => ({
    group,
    name,
    rank,
    step: Float64Array.from(step),
    time: Float64Array.from(time),
    value: Float64Array.from(value),
  }));
}

function trialOf(runId: string): string {
  return runId.slice(0, runId.lastIndexOf("."));
}

function attemptOf(runId: string): number {
  return Number(runId.slice(runId.lastIndexOf(".") + 1));
}
