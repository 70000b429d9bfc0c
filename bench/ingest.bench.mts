/**
 * How fast the server takes in what is reported: one generator writes into 100 run directories, one metric a line, while the server
 * follows them; then all points are read back and compared. From the first line until the server has the last one.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setImmediate as nextTurn } from "node:timers/promises";
import { valueAt } from "./curves/ingestValues.mts";
import type { Measurements } from "./run.mts";
import { rounded } from "./statistics.mts";

const RUNS = 100;
const POINTS = 30_000;
/** Lines that a run writes at a time. */
const AT_ONCE = 500;

interface Said {
  ready?: string[];
  read?: number;
  wrong?: number;
  peakMb?: number;
  cpuS?: number;
  /** Of what took over 50 ms. */
  longestTurnMs?: number;
  delayP99Ms?: number;
}

export async function run(): Promise<Measurements> {
  const pool = mkdtempSync(path.join(tmpdir(), "trainyard-ingest-"));
  const server = spawn(
    process.execPath,
    [path.join(import.meta.dirname, "curves/ingestServer.mts"), pool, String(RUNS), String(POINTS)],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  try {
    let startedAt = 0;
    let writtenAt = 0;
    let endedAt: number | null = null;
    for await (const line of createInterface({ input: server.stdout })) {
      const said = JSON.parse(line) as Said;
      if (said.ready !== undefined) {
        startedAt = performance.now();
        void generate(pool, said.ready).then(() => (writtenAt = performance.now()));
      }
      if (said.read === RUNS * POINTS && endedAt === null) {
        endedAt = performance.now();
        server.stdin.write("compare\n");
      }
      if (said.wrong === undefined) continue;
      const seconds = ((endedAt ?? NaN) - startedAt) / 1000;
      return {
        points: RUNS * POINTS,
        points_per_s: Math.round((RUNS * POINTS) / seconds),
        points_per_cpu_s: Math.round((RUNS * POINTS) / (said.cpuS ?? NaN)),
        generator_s: rounded((writtenAt - startedAt) / 1000, 2),
        wrong_points: said.wrong,
        server_peak_mb: rounded(said.peakMb ?? NaN),
        server_longest_turn_ms: rounded(said.longestTurnMs ?? NaN),
        server_loop_delay_p99_ms: rounded(said.delayP99Ms ?? NaN),
      };
    }
    throw new Error("the server ended");
  } finally {
    server.kill("SIGKILL");
    rmSync(pool, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** A piece of each run in turn, as 100 scripts would. */
async function generate(pool: string, runIds: readonly string[]): Promise<void> {
  const files = runIds.map((runId) => openSync(path.join(pool, "runs", runId, "events/0-bench.jsonl"), "a"));
  for (let from = 0; from < POINTS; from += AT_ONCE) {
    for (const [at, file] of files.entries()) {
      let text = "";
      for (let step = from; step < from + AT_ONCE; step++)
        text += `{"seq":${step + 1},"t":${1.7e9 + step},"type":"metrics","group":"training","step":${step},"values":{"loss":${valueAt(at + 1, step)}}}\n`;
      writeSync(file, text);
    }
    await nextTurn();
  }
  for (const file of files) closeSync(file);
}
