import { expect, test } from "vitest";
import { preemptsText, startsSentence, startsText } from "../../../src/cluster/protocol/queueWords.ts";

test("an interval is said in the unit that keeps it short", () => {
  expect(startsText({ fromMs: 0, toMs: 0 })).toBe("now");
  expect(startsText({ fromMs: 20_000, toMs: 90_000 })).toBe("in 20 to 90 s");
  expect(startsText({ fromMs: 25 * 60_000, toMs: 40 * 60_000 })).toBe("in 25 to 40 min");
  expect(startsText({ fromMs: 3 * 3_600_000, toMs: 3 * 3_600_000 })).toBe("in 3 h");
  expect(startsText(null)).toBe("not known");
});

test("of what is not known nothing is said", () => {
  expect(startsSentence(null)).toBe("");
  expect(startsSentence({ fromMs: 0, toMs: 0 })).toBe("Starts now.");
});

test("whoever would be preempted is named", () => {
  expect(preemptsText(["1.1"])).toContain("Trial 1.1 would");
  expect(preemptsText(["1.1", "2.3"])).toContain("Trials 1.1, 2.3 would");
});
