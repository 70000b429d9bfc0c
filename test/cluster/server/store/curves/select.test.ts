import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { slicePoints, type Points } from "../../../../../src/cluster/server/store/curves/columns.ts";
import { PAGE_POINTS } from "../../../../../src/cluster/server/store/curves/pageFile.ts";
import { BUCKET_POINTS, Pyramid } from "../../../../../src/cluster/server/store/curves/pyramid.ts";
import {
  extremes,
  select,
  type Filter,
  type Selectable,
} from "../../../../../src/cluster/server/store/curves/select.ts";

const EVERYTHING: Filter = {
  fromIndex: 0,
  fromStep: -Infinity,
  toStep: Infinity,
  isFromStepOpen: false,
  fromTime: -Infinity,
  toTime: Infinity,
};

/** In pieces of different sizes, as reports come, and half of the time as restored from what is kept. */
function sourceOf(points: Points, isRestored: boolean): Selectable {
  let pyramid = new Pyramid();
  for (let from = 0, piece = 1; from < points.step.length; from += piece, piece = (piece * 7 + 3) % 501)
    pyramid.append(slicePoints(points, from, Math.min(points.step.length, from + piece)));
  if (isRestored) {
    const { base, ...kept } = pyramid.kept;
    const tail = slicePoints(points, pyramid.count - (pyramid.count % PAGE_POINTS), pyramid.count);
    pyramid = Pyramid.restore({ ...kept, second: kept.second.slice() }, tail, () => base);
  }
  return { pyramid, read: (from, to) => slicePoints(points, from, to) };
}

function meant({ step, time }: Points, filter: Filter): number[] {
  return [...step.keys()].filter((at) => {
    const x = step[at] ?? NaN;
    const t = time[at] ?? NaN;
    return (
      at >= filter.fromIndex &&
      (filter.isFromStepOpen ? x > filter.fromStep : x >= filter.fromStep) &&
      x <= filter.toStep &&
      t >= filter.fromTime &&
      t <= filter.toTime
    );
  });
}

/** Curves with spikes, gaps, values that are no number, steps that go back, or that several writers have mixed. */
const curves = fc
  .record({
    count: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 12_000 })),
    seed: fc.integer(),
    order: fc.constantFrom("steady", "gaps", "again", "mixed"),
    oddShare: fc.constantFrom(0, 0.01, 0.5, 1),
  })
  .map(({ count, seed, order, oddShare }) => {
    let state = seed >>> 0;
    const random = () => (state = (state * 1664525 + 1013904223) >>> 0) / 2 ** 32;
    const step = Float64Array.from({ length: count }, (_, at) => {
      if (order === "gaps") return at + (at > count / 2 ? 1e6 : 0);
      if (order === "again") return at % Math.ceil(count / 3);
      return order === "mixed" ? Math.floor(random() * count) : at;
    });
    const time = Float64Array.from({ length: count }, (_, at) => 1e12 + at * 10);
    const odd = [NaN, Infinity, -Infinity, -0];
    const value = Float64Array.from({ length: count }, () =>
      random() < oddShare
        ? (odd[Math.floor(random() * 4)] ?? 0)
        : Math.floor(random() * 50) / (random() < 0.01 ? 1e-6 : 1),
    );
    return { step, time, value };
  });

const filters = fc
  .record({
    from: fc.double({ min: -0.2, max: 1, noNaN: true }),
    length: fc.double({ min: 0, max: 1.5, noNaN: true }),
    by: fc.constantFrom("nothing", "step", "open", "time", "index", "stepAndTime"),
  })
  .map(({ from, length, by }) => (count: number): Filter => {
    const low = Math.floor(from * count);
    const high = Math.floor((from + length) * count);
    return {
      ...EVERYTHING,
      ...(by === "step" || by === "open" || by === "stepAndTime" ? { fromStep: low, toStep: high } : {}),
      ...(by === "time" || by === "stepAndTime"
        ? { fromTime: 1e12 + low * 10, toTime: 1e12 + high * 10 }
        : {}),
      ...(by === "index" ? { fromIndex: Math.max(0, low) } : {}),
      isFromStepOpen: by === "open",
    };
  });

describe("a reading through the pyramid", () => {
  it("has the lowest and highest value of any range, the first of equals, as reading all points does (property)", () => {
    fc.assert(
      fc.property(curves, filters, fc.boolean(), (points, filterOf, isRestored) => {
        const filter = filterOf(points.step.length);
        const finite = meant(points, filter).filter((at) => Number.isFinite(points.value[at]));
        const found = extremes(sourceOf(points, isRestored), filter);
        if (finite.length === 0) {
          expect(found).toBeNull();
          return;
        }
        const by = (sign: number) =>
          finite.reduce((best, at) =>
            sign * (points.value[at] ?? 0) > sign * (points.value[best] ?? 0) ? at : best,
          );
        expect([found?.low[0], found?.high[0]]).toEqual([by(-1), by(1)]);
      }),
      { numRuns: 200 },
    );
  });

  it("loses no spike and no end, stays within its limit, and says nothing that is not so (property)", () => {
    fc.assert(
      fc.property(
        curves,
        filters,
        fc.integer({ min: 5, max: 900 }),
        fc.boolean(),
        (points, filterOf, limit, isRestored) => {
          const filter = filterOf(points.step.length);
          const wanted = meant(points, filter);
          const picks = select(sourceOf(points, isRestored), filter, limit);
          expect(picks.count).toBeLessThanOrEqual(limit);
          const picked = Array.from({ length: picks.count }, (_, at) => picks.indexOf(at));
          picked.forEach((index, at) => {
            expect([points.step[index], points.time[index], points.value[index]]).toEqual(
              picks.at(at).slice(1),
            );
          });
          // In order, each once, and only what was asked for.
          expect(picked).toEqual([...new Set(picked)].sort((a, b) => a - b));
          const isWanted = new Set(wanted);
          expect(picked.every((index) => isWanted.has(index))).toBe(true);
          if (wanted.length <= limit) {
            expect(picked).toEqual(wanted);
            return;
          }
          expect([picked[0], picked.at(-1)]).toEqual([wanted[0], wanted.at(-1)]);
          expectNoSpikeLost(points, wanted, picked, limit);
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** Around each point, as far as two stretches reach, something is picked that is at least as high and as low, or no number like it. */
function expectNoSpikeLost(
  points: Points,
  wanted: readonly number[],
  picked: readonly number[],
  limit: number,
): void {
  const reach =
    2 * Math.max(BUCKET_POINTS, Math.ceil(wanted.length / Math.max(1, Math.floor((limit - 2) / 3)))) +
    BUCKET_POINTS;
  const place = new Map(wanted.map((index, at) => [index, at]));
  const places = picked.map((index) => place.get(index) ?? -1);
  const lost: number[] = [];
  let first = 0;
  wanted.forEach((index, at) => {
    while ((places[first] ?? Infinity) < at - reach) first++;
    const value = points.value[index] ?? NaN;
    let isCovered = [false, false];
    for (let near = first; near < places.length && (places[near] ?? 0) <= at + reach; near++) {
      const other = points.value[picked[near] ?? -1] ?? NaN;
      if (Number.isFinite(value))
        isCovered = [isCovered[0] || other <= value, isCovered[1] || other >= value] as boolean[];
      else if (!Number.isFinite(other)) isCovered = [true, true];
    }
    if (isCovered.includes(false)) lost.push(index);
  });
  expect(lost).toEqual([]);
}
