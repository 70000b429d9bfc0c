import { expect, test } from "vitest";
import { parseLimit, parseWhole } from "../../../src/extension/commands/wholeNumbers.ts";

test.each([
  ["1", 1],
  [" 42 ", 42],
  ["99", 99],
  ["0", null],
  ["100", null],
  ["4.5", null],
  ["-1", null],
  ["1e1", null],
  ["", null],
])("as a priority %j is %j", (text, value) => expect(parseWhole(text, 1, 99)).toBe(value));

test("an empty limit is none, and what is no number is not taken for that", () => {
  expect(parseLimit("", 10)).toBeNull();
  expect(parseLimit("3", 10)).toBe(3);
  expect(parseLimit("none", 10)).toBeUndefined();
});
