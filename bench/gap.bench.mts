/**
 * How long a slot is empty between two trials while others wait, with real processes: from the end of one script's process to
 * the start of the next (`empty`); and as scripts see it, from the last line of one to the first line of the next, with both
 * interpreters' work (`lines`). Once where trials come to their end, once where the search pauses them at a rung, which includes
 * a checkpoint before that last line.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Run } from "../src/cluster/protocol/entities.ts";
import { scratchPool, untilEnded, type Cli } from "./scratchPool.mts";
import type { Measurements } from "./run.mts";
import { median, quantile, rounded } from "./statistics.mts";

const TRIALS = 30;
const END_MS = 300_000;
const space = "hyperparameters: {x: {type: double, minval: 0, maxval: 1}}\n";
const random = `${space}searcher: {name: random, metric: loss, max_trials: ${TRIALS}, max_concurrent_trials: 8}\n`;
const promotion =
  `${space}searcher: {name: async_halving, metric: loss, max_trials: ${TRIALS}, max_concurrent_trials: 8, ` +
  "num_rungs: 2, max_time: 3, time_metric: epoch, divisor: 3, stop_once: false}\n";

export async function run(): Promise<Measurements> {
  const ended = await gapsOf(random);
  const paused = await gapsOf(promotion);
  return {
    ...summary("ended_empty", ended.empty),
    ...summary("paused_empty", paused.empty),
    ...summary("ended_lines", ended.lines),
    ...summary("paused_lines", paused.lines),
    goal_empty_p95_ms: 300,
  };
}

function summary(name: string, gaps: readonly number[]): Measurements {
  return {
    [`${name}_p50_ms`]: rounded(median(gaps)),
    [`${name}_p95_ms`]: rounded(quantile(gaps, 0.95)),
    [`${name}_max_ms`]: rounded(Math.max(...gaps)),
    [`${name}_gaps`]: gaps.length,
  };
}

async function gapsOf(configuration: string): Promise<{ empty: number[]; lines: number[] }> {
  const scratch = await scratchPool({ name: "gap", script: "bench/gap.train.py", configuration, slots: 1 });
  const times = path.join(scratch.folder, "times");
  let isRight = false;
  try {
    const { experimentId } = await submit(scratch.cli, times);
    await untilEnded(scratch.cli, experimentId, END_MS);
    isRight = true;
    const spans = readFileSync(times, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as [run: string, began: number, asked: number, ended: number]);
    const { runs } = await scratch.cli<{ runs: Run[] }>("show", String(experimentId));
    const held = runs
      .flatMap(({ startedAt, endedAt }) =>
        startedAt === null || endedAt === null ? [] : [{ startedAt, endedAt }],
      )
      .sort((a, b) => a.startedAt - b.startedAt);
    return {
      empty: held.slice(1).map(({ startedAt }, index) => startedAt - (held[index]?.endedAt ?? startedAt)),
      lines: spans.slice(1).map(([, began], index) => 1000 * (began - (spans[index]?.[3] ?? began))),
    };
  } finally {
    await scratch.remove(isRight);
  }
}

const submit = (cli: Cli, times: string) =>
  cli<{ experimentId: number }>("submit", "train.py", "--yes", "--", times);
