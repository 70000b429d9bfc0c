/** The first connection to a bare host on loopback: a Node and our program are sent, the server is started, the tree is filled. */
import { rmSync } from "node:fs";
import type { Measurements } from "./run.mts";
import { startRig } from "./ssh/rig.mts";
import { median, rounded } from "./statistics.mts";

const HOSTS = 5;

export async function run(): Promise<Measurements> {
  const times: number[] = [];
  for (let host = 0; host < HOSTS; host += 1) {
    const rig = await startRig(0, null);
    try {
      const entry = { ...rig.pool.entry, home: `${rig.pool.entry.home ?? ""}-bare`, runtimePath: null };
      times.push(rig.client({ subscribe: true, entry }).connectMs);
      rmSync(entry.home, { recursive: true, force: true });
    } finally {
      rig.stop();
    }
  }
  return { bare_ms: rounded(median(times)), worst_ms: rounded(Math.max(...times)), hosts: HOSTS };
}
