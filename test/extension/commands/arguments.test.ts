import fc from "fast-check";
import { expect, test } from "vitest";
import { joinArguments, splitArguments } from "../../../src/extension/commands/arguments.ts";

test.each([
  ["", []],
  ["--epochs 3  --lr 1e-3", ["--epochs", "3", "--lr", "1e-3"]],
  [`--name "two words" 'it''s'`, ["--name", "two words", "its"]],
  [`a\\ b "c\\"d" ''`, ["a b", 'c"d', ""]],
  ["$(rm -rf /) `x` ;", ["$(rm", "-rf", "/)", "`x`", ";"]],
])("%s is split as a shell would, and nothing is run", (text, parts) =>
  expect(splitArguments(text)).toEqual(parts),
);

test("a quote that is left open is said", () => {
  expect(() => splitArguments(`--name "two`)).toThrow(/not closed/);
});

test("what is joined splits into the same", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (parts) => {
      expect(splitArguments(joinArguments(parts))).toEqual(parts);
    }),
  );
});
