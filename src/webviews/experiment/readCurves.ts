/** Points of curves from the extension: those of the experiment's trials many at a time, the baseline's one by one. */
import { BASELINE_TRIAL } from "./baseline.ts";
import type { Bridge } from "./bridge.ts";
import type { SeriesAnswer, SeriesRead } from "./curves/seriesLoader.ts";

/** As ReadSeries. */
export async function readCurves(bridge: Bridge, reads: readonly SeriesRead[]): Promise<SeriesAnswer[]> {
  const [first] = reads;
  if (first?.trialId === BASELINE_TRIAL) return [await bridge.request("readBaseline", first)];
  const baselineAt = reads.findIndex(({ trialId }) => trialId === BASELINE_TRIAL);
  const own = baselineAt < 0 ? reads : reads.slice(0, baselineAt);
  const { reads: answers, columns } = await bridge.request("readCurves", { reads: [...own] });
  let byteOffset = 0;
  return answers.map((answer) => {
    const at = byteOffset;
    byteOffset += answer.count * 32;
    return { ...answer, columns, byteOffset: at };
  });
}
