import { expect, test } from "vitest";
import { SlotUseHistory } from "../../../src/cluster/server/experiments/slotUse.ts";

test("what the tools say is kept for an hour, and a slot of which none tells is left out", () => {
  const history = new SlotUseHistory();
  expect(history.isDue(0)).toBe(true);
  history.note(0, [
    { id: "gpu", utilisation: 97 },
    { id: "cpu", utilisation: null },
  ]);
  expect(history.isDue(29_999)).toBe(false);
  history.note(30_000, [{ id: "gpu", utilisation: 120 }]);
  expect(history.since(0)).toEqual([
    { slotId: "gpu", at: 0, percent: 97 },
    { slotId: "gpu", at: 30_000, percent: 100 },
  ]);
  expect(history.since(1)).toHaveLength(1);
  history.note(3_600_000, []);
  expect(history.since(0)).toHaveLength(1);
});
