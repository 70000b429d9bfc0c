/** Our restore and the system's tools side by side, in turns. */
import { rmSync } from "node:fs";
import path from "node:path";
import type { Measurements } from "../run.mts";
import { median, rounded } from "../statistics.mts";
import { GIB, startRig } from "./rig.mts";

const PAIRS = 7;

/** @param against which of scp's times counts */
export async function measurePairs(
  far: Parameters<typeof startRig>[1],
  against: "bothMs" | "scpMs",
): Promise<Measurements> {
  const rig = await startRig(GIB, far);
  try {
    const destination = path.join(rig.folder, "checkpoints/one");
    const [ours, theirs, grown]: [number[], number[], number[]] = [[], [], []];
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const told = rig.client({ restore: { uuid: rig.uuid, destination } });
      rmSync(destination, { recursive: true });
      ours.push(told.restoreMs);
      grown.push(told.grownBytes / 1e6);
      theirs.push(rig.scp()[against]);
    }
    const mbPerSecond = (ms: number): number => rounded(GIB / 1000 / ms);
    return {
      restore_mb_per_s: mbPerSecond(median(ours)),
      scp_mb_per_s: mbPerSecond(median(theirs)),
      ratio: rounded(median(ours.map((ms, pair) => (theirs[pair] ?? 0) / ms)), 2),
      grown_mb: rounded(median(grown), 0),
      grown_most_mb: rounded(Math.max(...grown), 0),
      pairs: PAIRS,
    };
  } finally {
    rig.stop();
  }
}
