// The trace of `trace` with step times that vary (lognormal, sigma 0.3) and a third of the jobs ending early, 20 seeds, beside
// first in first out with backfill on the same jobs.
import { RandomStream } from "../src/cluster/search/random.ts";
import { median, quantile, rounded } from "./statistics.mts";
import { withNoise } from "./virtual/noise.ts";
import { runVirtually } from "./virtual/pool.ts";
import { firstInFirstOut, readTrace, summarise, TRACE_OPTIONS } from "./virtual/trace.ts";

const SEEDS = 20;

export function run() {
  const pairs = Array.from({ length: SEEDS }, (_, seed) => {
    const stream = new RandomStream({ seed, taken: 0 });
    const trials = withNoise(readTrace(), () => stream.unit());
    const ours = summarise(runVirtually(trials, TRACE_OPTIONS));
    const backfill = summarise(runVirtually(trials, { ...TRACE_OPTIONS, decide: firstInFirstOut(true) }));
    return { ours, backfill, ratio: ours.meanS / backfill.meanS };
  });
  return Promise.resolve({
    meanCompletionS: rounded(median(pairs.map(({ ours }) => ours.meanS))),
    backfillMeanS: rounded(median(pairs.map(({ backfill }) => backfill.meanS))),
    ratioMedian: rounded(median(pairs.map(({ ratio }) => ratio)), 3),
    ratioWorst: rounded(
      quantile(
        pairs.map(({ ratio }) => ratio),
        1,
      ),
      3,
    ),
    p95RatioMedian: rounded(median(pairs.map(({ ours, backfill }) => ours.p95S / backfill.p95S)), 3),
    movesMedian: median(pairs.map(({ ours }) => ours.moves)),
  });
}
