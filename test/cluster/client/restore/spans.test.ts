import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  add,
  bytesOf,
  cut,
  missing,
  type Span,
  type Spans,
  unbroken,
} from "../../../../src/cluster/client/restore/spans.ts";

const SIZE = 200;
const span = fc.tuple(fc.nat(SIZE), fc.nat(SIZE)).map(([a, b]): Span => [Math.min(a, b), Math.max(a, b)]);
const pieces = fc.array(span, { maxLength: 30 });

/** The slow way: a mark on each byte. */
function marked(spans: Spans): boolean[] {
  const marks = Array.from({ length: SIZE }, () => false);
  for (const [start, end] of spans) marks.fill(true, start, end);
  return marks;
}

describe("the bytes of a file that are there", () => {
  it("are those of the pieces that came, whatever their order and however they overlap", () => {
    fc.assert(
      fc.property(pieces, (came) => {
        const spans = came.reduce<Spans>(add, []);
        expect(marked(spans)).toEqual(marked(came));
        expect(bytesOf(spans)).toBe(marked(came).filter(Boolean).length);
        for (const [index, [start, end]] of spans.entries()) {
          expect(start).toBeLessThan(end);
          // Two that touch are one.
          if (index > 0) expect(start).toBeGreaterThan(spans[index - 1]?.[1] ?? 0);
        }
        const firstGap = marked(came).indexOf(false);
        expect(unbroken(spans)).toBe(firstGap < 0 ? SIZE : firstGap);
      }),
    );
  });

  it("and those that are missing make up the whole file, each once", () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 50 }), (came, size) => {
        const spans = came.reduce<Spans>(add, []);
        const gaps = missing(spans, SIZE);
        expect(bytesOf(spans) + bytesOf(gaps)).toBe(SIZE);
        const parts = cut(gaps, size);
        expect(bytesOf(parts)).toBe(bytesOf(gaps));
        expect(parts.every(([start, end]) => end > start && end - start <= size)).toBe(true);
        expect(parts.reduce<Spans>(add, spans)).toEqual([[0, SIZE]]);
      }),
    );
  });
});
