import { expect, test } from "vitest";
import {
  formatAge,
  formatBytes,
  formatDuration,
  formatValue,
  oneLine,
  plural,
} from "../../src/extension/format.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [9_949, "9.9 kB"],
  [12_345_678, "12 MB"],
  [999_600_000, "1.0 GB"],
  [3.2e15, "3.2 PB"],
  [3.2e18, "3200 PB"],
])("%d bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [0.061349, "0.06135"],
  [0, "0"],
  [12, "12"],
  [1e-9, "1e-9"],
  [1.23456e-7, "1.235e-7"],
  [123_456_789, "1.235e+8"],
  [NaN, "NaN"],
  [-Infinity, "-Infinity"],
])("the value %d is written %s", (value, text) => expect(formatValue(value)).toBe(text));

test("times are as long as a person needs", () => {
  expect(formatDuration(59_000)).toBe("59 s");
  expect(formatDuration(61_000)).toBe("1 min");
  expect(formatDuration(7_300_000)).toBe("2 h");
  expect(formatDuration(200_000_000)).toBe("2 d");
  expect(formatAge(1000, 2000)).toBe("just now");
  expect(formatAge(0, 180_000)).toBe("3 min ago");
});

test("texts stay on one line", () => {
  expect(oneLine("ValueError: no\nmore", 80)).toBe("ValueError: no");
  expect(oneLine("x".repeat(50), 10)).toBe(`${"x".repeat(9)}…`);
  expect(plural(1, "trial")).toBe("1 trial");
  expect(plural(0, "trial")).toBe("0 trials");
});
