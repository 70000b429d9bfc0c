/**
 * To a host that has the server, until the tree is filled, over a link of 40 ms round trip, against `ssh HOST true`, in turns.
 * Of ours the start of Node is left out, as the editor has started long before. Root, `ip` and gcc.
 */
import type { Measurements } from "./run.mts";
import { startRig } from "./ssh/rig.mts";
import { median, rounded } from "./statistics.mts";

const PAIRS = 7;
const ROUND_TRIP_MS = 40;

export async function run(): Promise<Measurements> {
  const rig = await startRig(0, { oneWayMs: ROUND_TRIP_MS / 2, mbit: 1000 });
  try {
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let pair = 0; pair < PAIRS; pair += 1) {
      ours.push(rig.client({ subscribe: true }).connectMs);
      theirs.push(rig.ssh());
    }
    const beyond = median(ours.map((ms, pair) => ms - (theirs[pair] ?? 0)));
    return {
      connect_ms: rounded(median(ours)),
      ssh_true_ms: rounded(median(theirs)),
      beyond_ssh_ms: rounded(beyond),
      round_trip_ms: ROUND_TRIP_MS,
      pairs: PAIRS,
    };
  } finally {
    rig.stop();
  }
}
