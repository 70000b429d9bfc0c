import { afterEach, expect, test, vi } from "vitest";
import { IDLE_LIMIT_MS, stopWhenIdle } from "../../../src/cluster/server/idle.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("a day of nothing, counted from when it was needed last", () => {
  vi.useFakeTimers();
  let isNeeded = true;
  const stop = vi.fn();
  const end = stopWhenIdle(() => isNeeded, stop);
  vi.advanceTimersByTime(3 * IDLE_LIMIT_MS);
  isNeeded = false;
  vi.advanceTimersByTime(IDLE_LIMIT_MS - 60_000);
  expect(stop).not.toHaveBeenCalled();
  vi.advanceTimersByTime(120_000);
  expect(stop).toHaveBeenCalled();
  end();
});
