import { describe, expect, it } from "vitest";
import { endText } from "../../../../src/extension/language-server/server/cost/words.ts";

describe("when a search would end", () => {
  const now = new Date(2026, 10, 30, 15, 20); // a Monday
  it.each([
    [new Date(2026, 10, 30, 17, 4), "17:04"],
    [new Date(2026, 11, 1, 0, 40), "Tue 00:40"],
    [new Date(2026, 11, 4, 9, 0), "Fri 09:00"],
    [new Date(2026, 11, 9, 9, 0), "9 Dec"],
    [new Date(2027, 11, 9, 9, 0), "9 Dec 2027"],
  ])("%s is said as %s", (end, text) => expect(endText(end, now)).toBe(text));
});
