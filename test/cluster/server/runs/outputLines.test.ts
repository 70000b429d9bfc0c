import fc from "fast-check";
import { expect, test } from "vitest";
import { LINE_BYTES, OutputLines } from "../../../../src/cluster/server/runs/outputLines.ts";

/** @returns the lines, whatever pieces the text comes in */
function linesOf(text: string, cuts: readonly number[] = []): string[] {
  const lines = new OutputLines();
  const bytes = Buffer.from(text);
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let start = 0;
  const found: string[] = [];
  for (const end of ends) {
    found.push(...lines.feed(bytes.subarray(start, end)));
    start = end;
  }
  return [...found, ...lines.finish()];
}

test("lines end at a newline or a carriage return; empty ones are none", () => {
  expect(linesOf("a\r\nb\rc\n\nlast")).toEqual(["a", "b", "c", "last"]);
});

test("of a line that is too long the beginning is kept, and the next one begins where it should", () => {
  expect(linesOf(`${"x".repeat(10 * LINE_BYTES)}\nnext\n`, [1000, 5000, 30_000])).toEqual([
    "x".repeat(LINE_BYTES),
    "next",
  ]);
});

test("the pieces do not matter", () => {
  const text = fc.array(fc.constantFrom("a", "é", "\n", "\r", " ")).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, fc.array(fc.nat()), (whole, cuts) => {
      expect(linesOf(whole, cuts)).toEqual(linesOf(whole));
    }),
  );
});

test("who goes on later begins at the line that has no end yet", () => {
  const lines = new OutputLines();
  lines.feed(Buffer.from("one\ntw"));
  lines.feed(Buffer.from("o"));
  expect(lines.pending).toBe(3);
});
