import { expect, test } from "vitest";
import { firstLineOf } from "../../../src/webviews/contract/notes.ts";

test.each([
  ["# Why\n\nrest", "Why"],
  ["\n\n  - one\n- two", "one"],
  ["> **said** <b>so</b>", "**said** <b>so</b>"],
  ["\r\n---\r\nwords", "words"],
  ["", ""],
  ["#\n", ""],
])("of %j one line is shown", (notes, line) => expect(firstLineOf(notes)).toBe(line));
