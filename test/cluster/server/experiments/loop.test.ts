import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { startLoop } from "../../../../src/cluster/server/experiments/loop.ts";

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

test("woken during a round it goes round again at once, never two at a time, and an error ends nothing", async () => {
  let rounds = 0;
  let running = 0;
  const loop = startLoop(async () => {
    expect(++running).toBe(1);
    rounds++;
    if (rounds <= 2) loop.wake();
    await sleep(1);
    running--;
    if (rounds === 2) throw new Error("a bad round");
    return 1_000_000;
  }, silent);
  await vi.waitUntil(() => rounds === 3 && running === 0);
  loop.wake();
  await vi.waitUntil(() => rounds === 4);
  await loop.close();
  expect(running).toBe(0);
});
