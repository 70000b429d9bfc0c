import { expect, test } from "vitest";
import { OneAtATime } from "../../../src/extension/panels/oneAtATime.ts";

test("what is asked for while it runs is done once, afterwards, however often it was asked", async () => {
  const ends: (() => void)[] = [];
  const work = new OneAtATime(() => new Promise((resolve) => ends.push(resolve)));
  const done = work.run();
  expect([work.isRunning, work.isAskedAgain, ends.length]).toEqual([true, false, 1]);
  for (let times = 0; times < 3; times += 1) void work.run();
  expect([work.isAskedAgain, ends.length]).toEqual([true, 1]);
  ends[0]?.();
  await expect.poll(() => ends.length).toBe(2);
  expect(work.isAskedAgain).toBe(false);
  ends[1]?.();
  await done;
  expect([work.isRunning, ends.length]).toEqual([false, 2]);
});

test("work that fails does not stand in the way of the next", async () => {
  let runs = 0;
  const work = new OneAtATime(() => (runs++ === 0 ? Promise.reject(new Error("no")) : Promise.resolve()));
  await expect(work.run()).rejects.toThrow("no");
  await work.run();
  expect(runs).toBe(2);
});
