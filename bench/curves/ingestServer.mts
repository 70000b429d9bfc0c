/**
 * The pool server of bench/ingest, in a process of its own: real but for its executor, whose runs are said to run, and live in their
 * folders alone. Says `ready`, then how many points it has while they come; told `compare`, reads all of them back.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { setImmediate as nextTurn } from "node:timers/promises";
import { withoutConfiguration } from "../../src/cluster/protocol/configuration.ts";
import { METHODS } from "../../src/cluster/protocol/methods.ts";
import type { Context } from "../../src/cluster/server/experiments/context.ts";
import { createExperiments } from "../../src/cluster/server/experiments/service.ts";
import { watchLoop } from "../../src/cluster/server/loopWatch.ts";
import { createRunFollower } from "../../src/cluster/server/runs/follower.ts";
import { createCurveStore } from "../../src/cluster/server/store/curves/curveStore.ts";
import { openDatabase } from "../../src/cluster/server/store/database.ts";
import { createPoolStore } from "../../src/cluster/server/store/poolStore.ts";
import { createSecretStore } from "../../src/cluster/server/store/secrets.ts";
import { valueAt } from "./ingestValues.mts";
import { healthyDisk } from "../../test/faults/healthyDisk.ts";

const [pool = "", runCount = "", pointCount = ""] = process.argv.slice(2);
const runs = Number(runCount);
const points = Number(pointCount);
const DELAY_RESOLUTION_MS = 5;

// Long turns are among it, with their names.
const logger = {
  info() {},
  warn: (...said: unknown[]) => console.error(...said),
  error: (...said: unknown[]) => console.error(...said),
};
const watch = watchLoop(logger);
const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
const curves = createCurveStore(path.join(pool, "curves"), logger);
const startedAt = Date.now() / 1000;
const context: Context = {
  timed: watch.timed,
  pool,
  leases: path.join(pool, "leases"),
  store: createPoolStore(openDatabase(path.join(pool, "pool.sqlite"), "0.0.0"), () => undefined),
  secrets: createSecretStore(path.join(pool, "secrets")),
  curves,
  executor: {
    launch({ spec }) {
      mkdirSync(path.join(pool, "runs", spec.run, "events"), { recursive: true });
      return Promise.resolve();
    },
    poll: (runIds) =>
      Promise.resolve(
        runIds.map((runId) => ({
          runId,
          phase: "running" as const,
          silentSince: null,
          supervisor: {
            ...{
              version: 1 as const,
              host: "bench",
              bootId: "b",
              pid: 2,
              startTicks: 1,
              startedAt,
              adopted: false,
            },
            ...{ script: { pid: 3, startTicks: 1 }, heartbeatAt: Date.now() / 1000 },
          },
        })),
      ),
    signal: () => Promise.resolve(),
    cancel: () => Promise.resolve(),
    onEnd: () => undefined,
  },
  follower: createRunFollower(path.join(pool, "runs"), curves, logger, watch.timed),
  // Nobody looks at it.
  output: {
    sizes: (runId: string) => Promise.resolve({ runId, stdout: 0, stderr: 0 }),
  } as unknown as Context["output"],
  outputThread: {} as Context["outputThread"],
  files: {} as Context["files"],
  snapshots: {
    has: () => Promise.resolve(true),
    readFile: () => Promise.resolve(new Uint8Array()),
  } as unknown as Context["snapshots"],
  slots: {
    read: () =>
      Promise.resolve({
        news: null,
        slots: Array.from({ length: runs }, (_, index) => ({
          ...{ id: `cpu:${index}`, kind: "cpu" as const, index, lease: `cpu-${index}`, name: "CPU" },
          ...{ memoryBytes: null, usedMemoryBytes: null, utilisation: null, state: "free" as const },
          ...{ detail: null, trialId: null },
        })),
      }),
  },
  diagnose: () => Promise.resolve(null),
  disk: healthyDisk,
  logger,
};

const experiments = createExperiments(context);
experiments.start({ notify: () => undefined, pendingBytes: () => 0 });
const runIds: string[] = [];
for (let run = 0; run < runs; run++) {
  const { trialId } = await experiments.submit(
    METHODS["experiment/submit"].params.parse({
      ...{
        submissionId: randomUUID(),
        name: "ingest",
        workspace: "/tmp",
        script: "train.py",
        directory: ".",
      },
      ...{ arguments: [], interpreter: "/usr/bin/python3", slotsPerTrial: 1, secrets: {}, startFrom: null },
      snapshot: {
        ...{ tree: "a".repeat(40), files: 1, bytes: 0, takenAt: 1, root: "/tmp", head: null },
        ...{ linked: [], leftOut: [] },
      },
      configuration: { source: null, value: withoutConfiguration() },
    }),
  );
  runIds.push(`${trialId}.1`);
  await nextTurn(); // as between two calls
}
while (context.store.trialCount("running") < runs) await new Promise((resolve) => setTimeout(resolve, 50));
console.log(JSON.stringify({ ready: runIds }));
delay.enable();

const counter = setInterval(() => {
  let read = 0;
  for (let run = 1; run <= runs; run++)
    for (const { group, count } of curves.list(`${run}.1`)) if (group === "training") read += count;
  console.log(JSON.stringify({ read }));
}, 100);

for await (const asked of createInterface({ input: process.stdin })) {
  if (asked !== "compare") continue;
  clearInterval(counter);
  const peakMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? NaN) / 1000;
  const cpu = process.cpuUsage();
  const longestTurnMs = watch.longestMs();
  // Of its timer's own period the rest.
  const delayP99Ms = Math.max(0, delay.percentile(99) / 1e6 - DELAY_RESOLUTION_MS);
  console.log(
    JSON.stringify({
      wrong: compare(),
      peakMb,
      cpuS: (cpu.user + cpu.system) / 1e6,
      longestTurnMs,
      delayP99Ms,
    }),
  );
  process.exit(0);
}

/** @returns points that are not what was written, or not there */
function compare(): number {
  let wrong = 0;
  for (let run = 1; run <= runs; run++) {
    let step = 0;
    for (let cursor = 0; cursor < points;) {
      const series = { trialId: `${run}.1`, group: "training", name: "loss", rank: 0 };
      const { columns, count, cursor: next } = curves.read(series, cursor, null);
      const numbers = new Float64Array(columns.buffer, columns.byteOffset, count * 4);
      for (let at = 0; at < count; at++, step++)
        if (numbers[at] !== step || numbers[2 * count + at] !== valueAt(run, step)) wrong++;
      if (next === cursor) break;
      cursor = next;
    }
    wrong += points - step;
  }
  return wrong;
}
