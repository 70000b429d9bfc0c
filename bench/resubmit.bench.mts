/** A submit after one line was changed, of a workspace of 200 MB, over 40 ms round trip and 1 Gbit/s. Root, `ip` and gcc. */
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Measurements } from "./run.mts";
import { startRig } from "./ssh/rig.mts";
import { median, rounded } from "./statistics.mts";

const FILES = 2_000;
const FILE_BYTES = 100_000;
const SUBMITS = 12;

export async function run(): Promise<Measurements> {
  const rig = await startRig(0, { oneWayMs: 20, mbit: 1000 });
  try {
    const folder = path.join(rig.folder, "workspace");
    for (let number = 0; number < FILES; number += 1) {
      const place = path.join(folder, `part${number % 40}`);
      mkdirSync(place, { recursive: true });
      writeFileSync(path.join(place, `file${number}.bin`), randomBytes(FILE_BYTES));
    }
    const [first, ...again] = rig.client({ subscribe: true, submit: { folder, times: 1 + SUBMITS } }).submits;
    const times = again.map(({ ms }) => ms);
    const sent = again.map(({ linkBytes }) => linkBytes / 1e3);
    return {
      resubmit_ms: rounded(median(times), 0),
      resubmit_most_ms: rounded(Math.max(...times), 0),
      sent_kb: rounded(median(sent)),
      sent_most_kb: rounded(Math.max(...sent)),
      goal: "below 1500 ms and 100 KB",
      first_ms: rounded(first?.ms ?? NaN, 0),
      first_sent_mb: rounded((first?.linkBytes ?? NaN) / 1e6),
      submits: SUBMITS,
    };
  } finally {
    rig.stop();
  }
}
