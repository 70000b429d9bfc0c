import { describe, expect, it } from "vitest";
import fc from "fast-check";
import {
  growLogRange,
  growRange,
  linearTicks,
  logTicks,
  niceStep,
  niceTimeStep,
  type Range,
} from "../../../../src/webviews/experiment/curves/scales.ts";

describe("growRange", () => {
  it("ends at full steps", () => {
    expect(growRange(null, 0.02, 2.31)).toEqual({ min: 0, max: 2.5 });
    expect(growRange(null, 3, 97)).toEqual({ min: 0, max: 100 });
    expect(growRange(null, -9, 40)).toEqual({ min: -10, max: 40 });
  });

  it("stays while data lies in it, and changes seldom while data grows", () => {
    let range: Range | null = null;
    let changes = 0;
    for (let step = 1; step <= 10_000; step++) {
      const next = growRange(range, 0, step, 6);
      if (next !== range) changes++;
      range = next;
    }
    expect(changes).toBeLessThan(50);
    expect(range?.max).toBe(10_000);
  });

  it("shrinks when data fills less than half", () => {
    const wide = growRange(null, 0, 100);
    expect(growRange(wide, 0, 60)).toBe(wide);
    expect(growRange(wide, 0, 20).max).toBe(20);
  });

  it("gives a single value room", () => {
    expect(growRange(null, 5, 5)).toEqual({ min: 4.5, max: 5.5 });
    expect(growRange(null, 0, 0)).toEqual({ min: -1, max: 1 });
    expect(growRange(null, 1e-323, 1e-323)).toEqual({ min: -1, max: 1 });
    expect(growRange(null, 300, 300, 6, niceStep, true)).toEqual({ min: 300, max: 310 });
  });

  it("keeps what it has when there is no data", () => {
    const before = { min: 1, max: 2 };
    expect(growRange(before, Infinity, -Infinity)).toBe(before);
    expect(growRange(null, Infinity, -Infinity)).toEqual({ min: 0, max: 1 });
  });

  it("contains all finite data, whatever it is", () => {
    const number = fc.double({ min: -1e12, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const range = growRange(null, low, high);
        const slack = (range.max - range.min) * 1e-6 + 1e-300;
        return range.min <= low + slack && range.max >= high - slack && range.max > range.min;
      }),
    );
  });
});

describe("growLogRange", () => {
  it("ends at 1, 2 or 5 times a power of ten", () => {
    expect(growLogRange(null, 0.013, 2.31)).toEqual({ min: 0.01, max: 5 });
    expect(growLogRange(null, 1, 1)).toEqual({ min: 0.5, max: 2 });
  });
  it("stays while data lies in it", () => {
    const range = growLogRange(null, 0.01, 2);
    expect(growLogRange(range, 0.02, 1.9)).toBe(range);
    expect(growLogRange(range, 0.001, 1.9).min).toBe(0.001);
  });
  it("has no place for zero", () => {
    expect(growLogRange(null, 0, 5)).toEqual({ min: 0.1, max: 1 });
  });
});

describe("ticks", () => {
  it("are round numbers inside of the range", () => {
    expect(linearTicks({ min: 0, max: 2.5 }, 5)).toEqual({ values: [0, 0.5, 1, 1.5, 2, 2.5], step: 0.5 });
    expect(linearTicks({ min: 0.13, max: 0.47 }, 5).values).toEqual([0.2, 0.3, 0.4]);
  });
  it("are full minutes and hours for time", () => {
    expect(niceTimeStep(600, 5)).toBe(120);
    expect(niceTimeStep(7200, 6)).toBe(1800);
    expect(niceTimeStep(0.5, 5)).toBe(0.1);
    expect(niceTimeStep(86400 * 30, 5) % 86400).toBe(0);
  });
  it("are decades on a long logarithmic axis, and finer on a short one", () => {
    expect(logTicks({ min: 1e-6, max: 1 }, 5)).toEqual([1e-6, 1e-4, 0.01, 1]);
    expect(logTicks({ min: 0.1, max: 10 }, 5)).toEqual([0.1, 0.2, 0.5, 1, 2, 5, 10]);
  });
});
