import fc from "fast-check";
import { expect, test } from "vitest";
import { TerminalText } from "../../../src/extension/terminal/terminalText.ts";

const shown = (...parts: (string | Uint8Array)[]): string => {
  const text = new TerminalText();
  return parts.map((part) => text.take(typeof part === "string" ? Buffer.from(part) : part)).join("");
};

test.each([
  [
    "colours and progress bars stay",
    "\u001b[31mred\u001b[0m\r 5%\u001b[K\u001b[2A",
    "\u001b[31mred\u001b[0m\r 5%\u001b[K\u001b[2A",
  ],
  ["lines begin at the left", "a\nb\r\nc", "a\r\nb\r\nc"],
  ["titles and clipboards go", "a\u001b]0;title\u0007b\u001b]52;c;aGk=\u001b\\c", "abc"],
  ["the screen is not cleared, nor asked", "\u001b[2J\u001b[H\u001b[6n\u001b[?1049hx\u001bc", "x"],
  ["what only ends as a move does is none", "a\u001b[ Ab\u001b[>4;1mc\u001b[!Kd", "abcd"],
  ["bells and other controls go", "a\u0007\u0000\u000e\u009bb", "ab"],
  ["device strings go whole", "a\u001bPq#0;2;0;0;0\u001b\\b", "ab"],
])("%s", (_, given, expected) => {
  expect(shown(given)).toBe(expected);
});

test("a sequence or a character that a part cuts in two is whole", () => {
  const bytes = Buffer.from("é\u001b[38;5;39mx\u001b]0;secret title\u0007y\n");
  const whole = shown(bytes);
  for (let cut = 0; cut <= bytes.length; cut++)
    expect(shown(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(whole);
});

test("whatever is printed, nothing but colours, moves and text comes out", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom("\u001b", "\u001b[", "]", "52;", "\u0007", "m", "?", "\n", "\u009d"),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      // eslint-disable-next-line no-control-regex -- what must not be there
      const rest = shown(...pieces).replace(/\u001b\[[0-9;:<=>!-/]*[mABCDGK]/g, "");
      // eslint-disable-next-line no-control-regex -- what must not be there
      expect(rest).not.toMatch(/[\u0000-\u0007\u000b\u000c\u000e-\u001f\u007f-\u009f]/);
    }),
    { numRuns: 2000 },
  );
});
