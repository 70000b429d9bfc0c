/**
 * A script that reports a million names, a line of 1 GB and 5,000 event files: how much memory the server needs at most, and
 * how long the longest of the calls took that it answered meanwhile.
 */
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { buildServer, startServer } from "../test/cluster/server/serverRig.ts";

const SCRIPT = path.join(import.meta.dirname, "hostile/train.py");

export async function run(): Promise<Record<string, number | string>> {
  const bundle = buildServer();
  const home = mkdtempSync(path.join(tmpdir(), "trainyard-hostile-"));
  const server = await startServer(bundle, home);
  const memory = (key: string): number => {
    const status = readFileSync(`/proc/${server.process.pid ?? 0}/status`, "utf8");
    return Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0) / 1024;
  };
  try {
    const before = memory("VmRSS");
    const trialId = await server.submit(readFileSync(SCRIPT, "utf8"), {
      arguments: ["1000000", "1000000000", "5000"],
    });
    let longestMs = 0;
    for (let isOver = false; !isOver; await sleep(20)) {
      const askedAt = performance.now();
      isOver = (await server.trial(trialId)).endedAt !== null;
      longestMs = Math.max(longestMs, performance.now() - askedAt);
    }
    const { series } = await server.pool.call("series/list", { trialId });
    return {
      memory_before_mib: Math.round(before),
      memory_peak_mib: Math.round(memory("VmHWM")),
      longest_call_ms: Math.round(longestMs),
      curves_kept: series.length,
      warnings: (await server.trial(trialId)).warnings.length,
    };
  } finally {
    await server.close();
    for (const folder of [bundle, home]) rmSync(folder, { recursive: true, force: true });
  }
}
