// The 60-job trace on 8 slots on a virtual clock: durations unknown, the fraction done reported after every 10 s of running, a move
// charges 30 s of its slots at each resume. Beside the scheduler, in the same simulator: first in first out, strict and with backfill.
import { runVirtually } from "./virtual/pool.ts";
import { firstInFirstOut, latestS, readTrace, summarise, TRACE_OPTIONS } from "./virtual/trace.ts";
import { rounded } from "./statistics.mts";

export function run() {
  const trials = readTrace();
  const ours = runVirtually(trials, TRACE_OPTIONS);
  const fifo = runVirtually(trials, { ...TRACE_OPTIONS, decide: firstInFirstOut(false) });
  const backfill = runVirtually(trials, { ...TRACE_OPTIONS, decide: firstInFirstOut(true) });
  const { meanS, p95S, moves } = summarise(ours);
  return Promise.resolve({
    meanCompletionS: rounded(meanS),
    p95CompletionS: rounded(p95S),
    moves,
    latestAfterStrictFifoS: rounded(latestS(ours, fifo)),
    fifoMeanS: rounded(summarise(fifo).meanS),
    backfillMeanS: rounded(summarise(backfill).meanS),
    backfillP95S: rounded(summarise(backfill).p95S),
  });
}
