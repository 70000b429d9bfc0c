/** A link that swallows packets without a word, over 40 ms round trip: when is it noticed, when do calls end? Root, `ip`, gcc. */
import type { Measurements } from "./run.mts";
import type { HalfOpenTold } from "./ssh/halfOpen.mts";
import { startRig } from "./ssh/rig.mts";
import { median, rounded } from "./statistics.mts";

const TIMES = 10;

export async function run(): Promise<Measurements> {
  const rig = await startRig(0, { oneWayMs: 20, mbit: 1000 });
  try {
    const told = rig.near("halfOpen.mts", {
      ...{ pool: rig.pool, linkPid: rig.linkPid, times: TIMES },
    }) as HalfOpenTold;
    const seconds = (ms: readonly number[]): number => rounded(Math.max(...ms) / 1000);
    return {
      noticed_s: rounded(median(told.noticedMs) / 1000),
      noticed_most_s: seconds(told.noticedMs),
      call_ended_most_s: seconds(told.callMs),
      later_call_ended_most_s: seconds(told.laterCallMs),
      back_most_s: seconds(told.backMs),
      goal: "noticed below 20 s; every call ends",
      times: TIMES,
    };
  } finally {
    rig.stop();
  }
}
