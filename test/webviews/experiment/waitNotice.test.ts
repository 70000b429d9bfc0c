import { expect, test } from "vitest";
import { waitWords } from "../../../src/webviews/experiment/waitNotice.ts";

const change = { type: "pause", text: "Pause 1.1", trialId: "1.1" } as const;

test("the reason, the interval and the change are said together", () => {
  const known = { reason: "Old.", startsIn: { fromMs: 1_500_000, toMs: 2_400_000 }, change };
  expect(waitWords({ waitReason: "Waits for 1 slot." }, known)).toEqual({
    text: "Waits for 1 slot. Starts in 25 to 40 min.",
    change,
  });
});

test("before the pool has answered the reason stands alone", () => {
  expect(waitWords({ waitReason: "Waits for 1 slot." }, null)).toEqual({
    text: "Waits for 1 slot.",
    change: null,
  });
  expect(waitWords({ waitReason: null }, null)).toBeNull();
});
