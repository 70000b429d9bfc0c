/** A request and its answer over SSH on loopback. */
import type { Measurements } from "./run.mts";
import { startRig } from "./ssh/rig.mts";
import { median, quantile, rounded } from "./statistics.mts";

export async function run(): Promise<Measurements> {
  const rig = await startRig(0, null);
  try {
    const calls = rig.client({ calls: 3000 }).callMs.slice(200);
    return {
      call_p50_ms: rounded(median(calls), 2),
      call_p99_ms: rounded(quantile(calls, 0.99), 2),
      calls: calls.length,
    };
  } finally {
    rig.stop();
  }
}
