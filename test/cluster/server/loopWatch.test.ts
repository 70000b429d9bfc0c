import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { LONGEST_TURN_MS, watchLoop, type LoopWatch } from "../../../src/cluster/server/loopWatch.ts";

let watch: LoopWatch | undefined;
afterEach(() => watch?.end());

function watched() {
  const said: { what: string; ms: number }[] = [];
  const warn = (_: string, fields?: object) => void said.push(fields as { what: string; ms: number });
  watch = watchLoop({ info() {}, warn, error() {} });
  return { watch, said };
}

/** Of the CPU's time: others may have it, too. */
function busy(cpuMs: number): void {
  const before = process.cpuUsage();
  const used = () => process.cpuUsage(before);
  while (used().user + used().system < cpuMs * 1000);
}

it("says what kept the server from everything else, also when that failed, and nothing of what was short", () => {
  const { watch: one, said } = watched();
  expect(one.timed("a short thing", () => 7)).toBe(7);
  expect(() =>
    one.timed("a long thing", () => {
      busy(2 * LONGEST_TURN_MS);
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(said.filter(({ what }) => what === "a long thing")).toHaveLength(1);
  expect(said.some(({ what }) => what === "a short thing")).toBe(false);
  expect(one.longestMs()).toBeGreaterThan(LONGEST_TURN_MS);
});

it("sees also what nobody has named", async () => {
  const { said } = watched();
  await sleep(150);
  busy(400);
  await sleep(250);
  expect(said.some(({ what, ms }) => what === "unknown" && ms > LONGEST_TURN_MS)).toBe(true);
});
