/** The curves of the newest trials, one of each metric: those that are drawn beside the code. */
import type { PoolCalls } from "../../../../cluster/client/poolCalls.ts";
import type { Trial } from "../../../../cluster/protocol/entities.ts";
import type { SeriesState } from "../../../../cluster/protocol/events.ts";

/** Of so many of the newest trials, so many metrics, so many points. Where the newest have reported nothing, older ones are asked. */
const NEWEST_TRIALS = 3;
const MOST_TRIALS = 20;
const MOST_METRICS = 40;
const MOST_POINTS = 100;

export interface Curve {
  /** Where it ends. */
  readonly state: SeriesState;
  readonly points: readonly (readonly [step: number, value: number])[];
}

export async function readCurves(call: PoolCalls["call"], trials: readonly Trial[]): Promise<Curve[]> {
  const newest = trials
    .filter(({ startedAt }) => startedAt !== null)
    .sort((a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0))
    .slice(0, MOST_TRIALS);
  let wanted = await reported(call, newest.slice(0, NEWEST_TRIALS));
  if (wanted.length === 0) wanted = await reported(call, newest.slice(NEWEST_TRIALS));
  const byName = new Map<string, SeriesState>();
  for (const one of wanted) {
    const name = `${one.group}/${one.name}`;
    if (!byName.has(name)) byName.set(name, one);
  }
  const states = [...byName.values()].slice(0, MOST_METRICS);
  const curves: Curve[] = [];
  const resolution = { points: MOST_POINTS, fromStep: null, toStep: null };
  while (curves.length < states.length) {
    const reads = states
      .slice(curves.length)
      .map(({ trialId, group, name, rank }) => ({ trialId, group, name, rank, cursor: 0, resolution }));
    const answer = await call("series/readMany", { reads });
    if (answer.reads.length === 0) break;
    for (const { columns, count } of answer.reads) {
      const state = states[curves.length];
      if (state !== undefined) curves.push({ state, points: pointsOf(columns, count) });
    }
  }
  return curves;
}

/** Ends of what they reported, in the order of the trials. */
async function reported(call: PoolCalls["call"], trials: readonly Trial[]): Promise<SeriesState[]> {
  if (trials.length === 0) return [];
  const { series } = await call("series/listMany", { trialIds: trials.map(({ id }) => id) });
  return trials
    .flatMap(({ id }) => series.filter(({ trialId }) => trialId === id))
    .filter(({ rank, group, count }) => rank === 0 && group !== "system" && count > 0);
}

/** What a later attempt has replaced is left out, and what stands at no step. */
function pointsOf({ buffer, byteOffset, byteLength }: Uint8Array, count: number): [number, number][] {
  const view = new DataView(buffer, byteOffset, byteLength);
  const column = (number: number, row: number): number => view.getFloat64((number * count + row) * 8, true);
  return Array.from({ length: count }, (_, row) => row)
    .filter((row) => column(3, row) === 0 && Number.isFinite(column(0, row)))
    .map((row) => [column(0, row), column(2, row)]);
}
