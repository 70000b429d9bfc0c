/** Whole curves, as points. */
import type { Series } from "../protocol/events.ts";
import type { PoolCalls } from "./poolCalls.ts";

export interface Point {
  step: number;
  /** Milliseconds since the epoch. */
  time: number;
  value: number;
  superseded: boolean;
}

export async function readPoints(
  pool: PoolCalls,
  { trialId, group, name, rank }: Series,
  signal?: AbortSignal,
): Promise<Point[]> {
  const points: Point[] = [];
  for (let cursor = 0; ;) {
    const read = await pool.call(
      "series/read",
      { trialId, group, name, rank, cursor, resolution: null },
      { signal },
    );
    const { buffer, byteOffset, byteLength } = read.columns;
    const view = new DataView(buffer, byteOffset, byteLength);
    const column = (number: number, row: number): number =>
      view.getFloat64((number * read.count + row) * 8, true);
    for (let row = 0; row < read.count; row++)
      points.push({
        step: column(0, row),
        time: column(1, row),
        value: column(2, row),
        superseded: column(3, row) !== 0,
      });
    if (read.cursor >= read.total || read.count === 0) return points;
    cursor = read.cursor;
  }
}
