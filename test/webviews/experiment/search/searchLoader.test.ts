import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SearchState } from "../../../../src/cluster/protocol/search.ts";
import { SearchLoader } from "../../../../src/webviews/experiment/search/searchLoader.ts";

const STATE: SearchState = {
  progress: 0,
  trialsPlanned: 3,
  smallerIsBetter: true,
  timeMetric: null,
  brackets: null,
  space: [],
};
beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("many changes are one question at once, and one a second later", async () => {
  const read = vi.fn(() => Promise.resolve(STATE));
  const onState = vi.fn();
  const loader = new SearchLoader({ read, onState, onError: vi.fn() });
  for (let change = 0; change < 100; change++) loader.want();
  await vi.advanceTimersByTimeAsync(999);
  expect(read).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(5000);
  expect(read).toHaveBeenCalledTimes(2);
  expect(onState).toHaveBeenCalledTimes(2);
});

test("goes on after an error", async () => {
  const read = vi.fn(() => Promise.reject(new Error("away")));
  const onError = vi.fn();
  const loader = new SearchLoader({ read, onState: vi.fn(), onError });
  loader.want();
  await vi.advanceTimersByTimeAsync(2000);
  loader.want();
  await vi.advanceTimersByTimeAsync(0);
  expect(onError).toHaveBeenCalledTimes(2);
});
