import fc from "fast-check";
import { expect, test } from "vitest";
import { mapLines } from "../../../../../src/extension/language-server/server/results/lineMap.ts";

test("lines keep their place in the text, wherever others are put in, taken out or changed", () => {
  const map = mapLines("a\nb\nc\nd\n", "new\na\nB\nc\n");
  expect([0, 1, 2, 3].map((line) => map.now(line))).toEqual([1, null, 3, null]);
  expect([0, 1, 2, 3].map((line) => map.before(line))).toEqual([null, 0, null, 2]);
});

test("line ends, a BOM and spaces at the end of a line change nothing", () => {
  const map = mapLines("a\nb\n", "\uFEFFa\r\nb  \r\n");
  expect([map.now(0), map.now(1)]).toEqual([0, 1]);
});

test("another text altogether has none of the lines, and takes no time", () => {
  const text = (word: string): string => Array.from({ length: 20_000 }, (_, at) => `${word}${at}`).join("\n");
  const map = mapLines(text("a"), text("b"));
  expect([map.now(0), map.before(5)]).toEqual([null, null]);
});

test("both ways agree, in order, and equal texts stay where they are (property)", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", "  x = 1", ""), { maxLength: 30 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const map = mapLines(before.join("\n"), after.join("\n"));
      const pairs = before
        .map((line, at) => ({ line, now: map.now(at), at }))
        .filter(({ now }) => now !== null);
      for (const { line, now, at } of pairs) {
        expect(after[now ?? -1] ?? "").toBe(line);
        expect(map.before(now ?? -1)).toBe(at);
      }
      expect(pairs.map(({ now }) => now)).toEqual(pairs.map(({ now }) => now ?? 0).sort((a, b) => a - b));
      const same = mapLines(before.join("\n"), before.join("\n"));
      before.forEach((_, at) => expect(same.now(at)).toBe(at));
    }),
  );
});
