import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spanOf } from "../../../src/cluster/search/span.ts";

describe("the time that a search takes", () => {
  it("is that of all its work on one slot, and of the longest trial where each has a slot", () => {
    const lengths = [
      { units: 1, trials: 8 },
      { units: 16, trials: 2 },
    ];
    expect(spanOf({ lengths, atOnce: 1 })).toEqual({ from: 40, to: 40 });
    expect(spanOf({ lengths, atOnce: 100 }).from).toBe(16);
    expect(spanOf({ lengths: [], atOnce: 4 })).toEqual({ from: 0, to: 0 });
  });

  it("holds for trials that take the next free slot, in any order", () => {
    const trial = fc.integer({ min: 1, max: 100 });
    fc.assert(
      fc.property(
        fc.array(trial, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 12 }),
        (units, atOnce) => {
          const ends = Array<number>(atOnce).fill(0);
          for (const length of units) {
            const first = ends.indexOf(Math.min(...ends));
            ends[first] = (ends[first] ?? 0) + length;
          }
          const { from, to } = spanOf({ lengths: units.map((one) => ({ units: one, trials: 1 })), atOnce });
          expect(Math.max(...ends)).toBeGreaterThanOrEqual(from - 1e-9);
          expect(Math.max(...ends)).toBeLessThanOrEqual(to + 1e-9);
        },
      ),
    );
  });
});
