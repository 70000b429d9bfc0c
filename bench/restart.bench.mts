// The server is killed and started again, with 10,000 experiments, 100,000 trials and 100 live runs, each with its supervisor.
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PoolConnection } from "../src/cluster/client/connection.ts";
import { connectLocalPool } from "../src/cluster/client/localPool.ts";
import { writeBigPool } from "../scripts/lib/bigPool.mts";
import { dist, root } from "../scripts/lib/paths.mts";
import type { Measurements } from "./run.mts";
import { type ScratchPool, scratchPool } from "./scratchPool.mts";
import { quantile, rounded } from "./statistics.mts";

const LIVE = 100;
const ROUNDS = 7;
const LAUNCHED_MS = 180_000;
/** So long calls are made after each start, while the server adopts what lives. */
const WATCHED_MS = 4000;

const CONFIGURATION = `searcher: {name: grid, metric: loss, max_concurrent_trials: ${LIVE}}
hyperparameters:
  place: {type: categorical, vals: [${Array.from({ length: LIVE }, (_, index) => index).join(", ")}]}
`;

export async function run(): Promise<Measurements> {
  const scratch = await scratchPool({
    name: "restart",
    script: "bench/restart.train.py",
    configuration: CONFIGURATION,
    slots: LIVE,
  });
  try {
    writeBigPool(scratch.pool, {
      singles: 9_900,
      searches: [80_200, ...Array.from({ length: 99 }, () => 100)],
      workspace: scratch.project,
    });
    const { experimentId } = await scratch.cli<{ experimentId: number }>("submit", "train.py");
    try {
      await untilLive(scratch);
      return await measure(scratch);
    } finally {
      await scratch.cli("kill", String(experimentId));
      await untilLive(scratch, 0);
    }
  } finally {
    await scratch.remove(true);
  }
}

async function untilLive({ cli }: ScratchPool, count = LIVE): Promise<void> {
  for (const until = Date.now() + LAUNCHED_MS; ; await sleep(500)) {
    const { running } = await cli<{ running: number }>("pool", "status");
    if (running === count) return;
    if (Date.now() > until) throw new Error(`${running} runs live after ${LAUNCHED_MS / 1000} s`);
  }
}

async function measure(scratch: ScratchPool): Promise<Measurements> {
  const answering: number[] = [];
  const cpu: number[] = [];
  const subscribed: number[] = [];
  const calls: number[] = [];
  let lost = 0;
  for (let round = 0; round < ROUNDS; round++) {
    scratch.killServer();
    await sleep(300);
    const begin = performance.now();
    const connection = await open(scratch);
    answering.push(performance.now() - begin);
    cpu.push(cpuMs(connection.pool.serverPid));
    await connection.call("subscribe", { after: null, bounded: { experiments: 300 } });
    subscribed.push(performance.now() - begin);
    for (const until = Date.now() + WATCHED_MS; Date.now() < until; await sleep(20)) {
      const asked = performance.now();
      await connection.call("experiment/get", { experimentId: 1, contents: "none" });
      calls.push(performance.now() - asked);
    }
    const { running } = await connection.call("pool/status", {});
    lost += LIVE - running;
    connection.close();
  }
  return {
    answering_p50_ms: rounded(quantile(answering, 0.5)),
    answering_max_ms: rounded(Math.max(...answering)),
    server_cpu_until_answering_p50_ms: rounded(quantile(cpu, 0.5)),
    first_screen_p50_ms: rounded(quantile(subscribed, 0.5)),
    first_screen_max_ms: rounded(Math.max(...subscribed)),
    call_while_adopting_p99_ms: rounded(quantile(calls, 0.99)),
    call_while_adopting_max_ms: rounded(Math.max(...calls)),
    live_runs: LIVE,
    runs_lost: lost,
  };
}

/** Time of the CPU that the process has had: it tells the work apart from a busy machine. */
function cpuMs(pid: number): number {
  const [, rest = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const fields = rest.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function open(scratch: ScratchPool): Promise<PoolConnection> {
  return connectLocalPool({
    home: scratch.pool,
    client: { name: "bench", version: "0.0.0" },
    serverScript: path.join(dist, "server.js"),
    pythonFolder: path.join(root, "src/cluster/python"),
    runtimePath: process.execPath,
    environment: {
      TRAINYARD_LEASES: path.join(scratch.folder, "leases"),
      TRAINYARD_CPU_SLOTS: String(LIVE),
    },
  });
}
