/** A slow link (40 ms round trip, 20 Mbit/s) that is cut and restored at random while trials are followed. Root, `ip`, gcc. */
import { copyFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import type { Measurements } from "./run.mts";
import type { CutsTold } from "./ssh/cuts.mts";
import { startRig } from "./ssh/rig.mts";
import { median, quantile, rounded } from "./statistics.mts";

const CUTS = 200;
const TRIALS = 20;

export async function run(): Promise<Measurements> {
  const rig = await startRig(0, { oneWayMs: 20, mbit: 20 }, { TRAINYARD_CPU_SLOTS: String(TRIALS) });
  try {
    const folder = path.join(rig.folder, "workspace");
    mkdirSync(folder);
    copyFileSync(path.join(import.meta.dirname, "ssh/cuts.train.py"), path.join(folder, "train.py"));
    const { backMs, points, lost, doubled } = rig.near("cuts.mts", {
      ...{ pool: rig.pool, linkPid: rig.linkPid, folder, trials: TRIALS },
      cuts: CUTS,
    }) as CutsTold;
    const all = Object.values(backMs).flat();
    const most = (ms: readonly number[]): number => rounded(Math.max(...ms), 0);
    return {
      ...{ points, lost, doubled },
      back_p50_ms: rounded(median(all), 0),
      back_p99_ms: rounded(quantile(all, 0.99), 0),
      back_most_device_ms: most(backMs.device),
      back_most_silent_ms: most(backMs.silent),
      back_most_reset_ms: most(backMs.reset),
      late: all.filter((ms) => ms >= 2000).length,
      goal: "0 lost or doubled; back below 2000 ms",
      ...{ cuts: CUTS, measured: all.length, trials: TRIALS },
    };
  } finally {
    rig.stop();
  }
}
