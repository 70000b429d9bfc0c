import { expect, test } from "vitest";
import type { SeriesState } from "../../../src/cluster/protocol/events.ts";
import { stepSeries, stepWords } from "../../../src/webviews/experiment/stepTimes.ts";

const NOW = 1_000_000;
const series = (name: string, changes: Partial<SeriesState> = {}): SeriesState => ({
  trialId: "12.1",
  group: "system",
  name,
  rank: 0,
  count: 9,
  revision: 0,
  lastStep: 18,
  lastValue: 62,
  lastAt: NOW - 2000,
  ...changes,
});
const names = (...all: SeriesState[]) => stepSeries(all, "12.1").wanted.map(({ name }) => name);

test("the sentence says what the GPUs did, and what steps wait for", () => {
  expect(stepWords(new Map([["data_wait_percent", 62.4]]))).toBe("62% of each step waits for data");
  expect(
    stepWords(
      new Map([
        ["data_wait_percent", 62.4],
        ["gpu0_percent", 22],
        ["gpu1_percent", 40],
      ]),
    ),
  ).toBe("GPU 31% busy; 62% of each step waits for data");
  expect(stepWords(new Map([["gpu0_percent", 31]]))).toBeNull();
});

test("it is made of the last minute of this trial's first rank, and of nothing where no loader tells", () => {
  const wait = series("data_wait_percent");
  expect(names(wait, series("gpu0_percent"), series("cpu_percent"), series("step_ms"))).toEqual([
    "data_wait_percent",
    "gpu0_percent",
  ]);
  expect(names(series("gpu0_percent"))).toEqual([]);
  expect(names(series("data_wait_percent", { lastAt: NOW - 70_000 }), series("gpu0_percent"))).toEqual([]);
  expect(
    names(wait, series("gpu0_percent", { trialId: "12.2" }), series("gpu1_percent", { rank: 1 })),
  ).toEqual(["data_wait_percent"]);
});
