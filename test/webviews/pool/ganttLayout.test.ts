import { expect, test } from "vitest";
import type { SlotSpan } from "../../../src/cluster/protocol/scheduling.ts";
import { barAt, barsOf, lanesOf } from "../../../src/webviews/pool/ganttLayout.ts";

const span = (slotId: string, from: number, to: number | null): SlotSpan => ({
  slotId,
  runId: "1.1.1",
  trialId: "1.1",
  experimentId: 1,
  from,
  to,
});
const window = { fromMs: 1000, toMs: 2000 };

test("slots of the past come after those of today", () => {
  expect(lanesOf(["a", "b"], [span("gone", 1, 2), span("b", 1, 2)])).toEqual(["a", "b", "gone"]);
});

test("a span is cut to the window; one that goes on reaches to now, and none is too thin to be seen", () => {
  const bars = barsOf(
    ["a"],
    [span("a", 500, 1500), span("a", 1900, null), span("a", 1600, 1600)],
    window,
    100,
  );
  expect(bars.map(({ x, width }) => [x, width])).toEqual([
    [0, 50],
    [90, 10],
    [60, 2],
  ]);
  expect(barsOf(["a"], [span("a", 1, 900), span("a", 2100, null)], window, 100)).toEqual([]);
});

test("a point is in the bar of its lane", () => {
  const bars = barsOf(["a", "b"], [span("b", 1000, 1500)], window, 100);
  expect(barAt(bars, 1, 25)?.span.slotId).toBe("b");
  expect(barAt(bars, 0, 25)).toBeNull();
  expect(barAt(bars, 1, 75)).toBeNull();
});
