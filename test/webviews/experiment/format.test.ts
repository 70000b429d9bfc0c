import { describe, expect, it } from "vitest";
import {
  formatAge,
  formatBytes,
  formatDistinct,
  formatDuration,
  formatExact,
  formatInteger,
  formatTick,
  formatValue,
  plural,
} from "../../../src/webviews/experiment/format.ts";

describe("formatValue", () => {
  it.each([
    [0, "0"],
    [0.0613, "0.0613"],
    [0.061312, "0.06131"],
    [12.3456, "12.35"],
    [42, "42"],
    [-0.5, "-0.5"],
    [1e-9, "1e-9"],
    [1.234e-9, "1.234e-9"],
    [1e9, "1B"],
    [123_456, "123.5k"],
    [1e18, "1e18"],
    [NaN, "NaN"],
    [Infinity, "∞"],
    [-Infinity, "-∞"],
  ])("%d is %s", (value, text) => expect(formatValue(value)).toBe(text));
});

describe("formatDistinct", () => {
  it("takes as many digits as tell the values apart", () => {
    expect(formatDistinct([0.123456, 0.123412])).toEqual(["0.1235", "0.1234"]);
    expect(formatDistinct([0.5, 0.25])).toEqual(["0.500", "0.250"]);
  });
  it("does not mind equal values, and stops at ten digits", () => {
    expect(formatDistinct([0.1, 0.1])).toEqual(["0.100", "0.100"]);
    expect(formatDistinct([1 / 3, 1 / 3 + 1e-14])).toEqual(["0.3333333333", "0.3333333333"]);
  });
  it("gives neighbouring magnitudes the same decimals", () => {
    expect(formatDistinct([0.0375, 0.3, 0.15])).toEqual(["0.0375", "0.3000", "0.1500"]);
  });
  it("keeps NaN among numbers", () => {
    expect(formatDistinct([NaN, 0.25])).toEqual(["NaN", "0.250"]);
  });
});

describe("formatTick", () => {
  it.each([
    [0, 0.5, "0"],
    [1, 0.5, "1.0"],
    [0.25, 0.05, "0.25"],
    [12_000, 2000, "12k"],
    [1000, 200, "1k"],
    [1200, 200, "1.2k"],
    [2_500_000, 500_000, "2.5M"],
    [-99_000, 1000, "-99k"],
    [2.5e-9, 5e-10, "2.5e-9"],
    [7.5, 2.5, "7.5"],
    [5, 2.5, "5.0"],
    [3, 0.25, "3.00"],
  ])("%d by %d is %s", (value, step, text) => expect(formatTick(value, step)).toBe(text));

  it("gives each tick of an axis a label of its own", () => {
    for (const step of [0.0001, 0.05, 0.25, 1, 2.5, 250, 2500, 1e6]) {
      const labels = [1, 2, 3, 4, 5].map((tick) => formatTick(tick * step, step));
      expect(new Set(labels).size, labels.join(" ")).toBe(5);
    }
  });
});

it("sizes are powers of 1,000", () => {
  expect(formatBytes(0)).toBe("0 B");
  expect(formatBytes(999)).toBe("999 B");
  expect(formatBytes(4_212_345)).toBe("4.2 MB");
  expect(formatBytes(999_999)).toBe("1 MB");
  expect(formatBytes(123_456_789)).toBe("123 MB");
  expect(formatBytes(NaN)).toBe("?");
});

it("durations take the two largest units", () => {
  expect(formatDuration(400)).toBe("0 s");
  expect(formatDuration(40_000)).toBe("40 s");
  expect(formatDuration(12 * 60_000)).toBe("12 min");
  expect(formatDuration(125 * 60_000)).toBe("2 h 5 min");
  expect(formatDuration(120 * 60_000)).toBe("2 h");
  expect(formatDuration(76 * 3_600_000)).toBe("3 d 4 h");
  expect(formatDuration(-5)).toBe("0 s");
});

it("says how long ago", () => {
  expect(formatAge(10_000, 12_000)).toBe("just now");
  expect(formatAge(0, 90_000)).toBe("90 s ago");
});

it("writes whole numbers with separators and exact ones with seven digits", () => {
  expect(formatInteger(1_234_567)).toBe("1,234,567");
  expect(formatInteger(0.5)).toBe("0.5");
  expect(formatExact(0.12345678)).toBe("0.1234568");
  expect(formatExact(NaN)).toBe("NaN");
  expect(plural(1, "file")).toBe("1 file");
  expect(plural(1200, "file")).toBe("1,200 files");
});
