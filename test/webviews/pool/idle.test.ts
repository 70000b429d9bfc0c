import { expect, test } from "vitest";
import { idleSlots } from "../../../src/webviews/pool/idle.ts";

const MINUTE = 60_000;
const NOW = 100 * MINUTE;
const held = (from: number) => [{ slotId: "a", from, to: null }];
const use = (...percents: number[]) =>
  percents.map((percent, index) => ({ slotId: "a", at: NOW - index * MINUTE, percent }));

test("a slot that is held and does nothing for longer than five minutes is idle", () => {
  expect(idleSlots(held(0), use(0, 1, 2, 0, 0, 4, 3), NOW)).toEqual(new Set(["a"]));
});

test("a busy moment, a run that has just begun, and a slot of which nothing is told are not", () => {
  expect(idleSlots(held(0), use(0, 1, 50, 0, 0, 4, 3), NOW).size).toBe(0);
  expect(idleSlots(held(NOW - 4 * MINUTE), use(0, 0, 0, 0, 0, 0, 0), NOW).size).toBe(0);
  expect(idleSlots(held(0), use(0, 0), NOW).size).toBe(0);
  expect(idleSlots(held(0), [], NOW).size).toBe(0);
});
