/** What the server takes while 10 scripts report once a second and nobody looks: CPU of a core over 30 s, memory. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Measurements } from "./run.mts";
import { scratchPool } from "./scratchPool.mts";
import { rounded } from "./statistics.mts";

const RUNS = 10;
const WATCHED_MS = 30_000;
const START_MS = 240_000;
const TICKS_PER_S = 100;
const configuration =
  "hyperparameters: {x: {type: double, minval: 0, maxval: 1}}\n" +
  `searcher: {name: random, metric: loss, max_trials: ${RUNS}, max_concurrent_trials: ${RUNS}}\n`;

export async function run(): Promise<Measurements> {
  const scratch = await scratchPool({
    name: "idle",
    script: "bench/idle.train.py",
    configuration,
    slots: RUNS,
  });
  let isRight = false;
  try {
    const line = ["submit", "train.py", "--config", "train.yaml", "--", "600"];
    const { experimentId } = await scratch.cli<{ experimentId: number }>(...line);
    const until = Date.now() + START_MS;
    const runningNow = async () => {
      const { trials } = await scratch.cli<{ trials: { state: string; latestStep: number | null }[] }>(
        "show",
        String(experimentId),
      );
      return trials.filter(({ state, latestStep }) => state === "running" && (latestStep ?? 0) >= 3).length;
    };
    while ((await runningNow()) < RUNS) {
      if (Date.now() > until) throw new Error("not all runs have begun");
      await sleep(2000);
    }
    const { pid } = JSON.parse(readFileSync(path.join(scratch.pool, "state/lock"), "utf8")) as {
      pid: number;
    };
    await sleep(5000);
    const before = cpuSeconds(pid);
    const startedAt = performance.now();
    await sleep(WATCHED_MS);
    const seconds = (performance.now() - startedAt) / 1000;
    const used = cpuSeconds(pid) - before;
    const memoryMb =
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? NaN) / 1000;
    await scratch.cli("kill", String(experimentId));
    isRight = true;
    return { cpu_percent: rounded((100 * used) / seconds, 2), memory_mb: rounded(memoryMb), runs: RUNS };
  } finally {
    await scratch.remove(isRight);
  }
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}
