import { expect, test } from "vitest";
import type { Checkpoint } from "../../../../src/cluster/protocol/entities.ts";
import type { ReportedEvent } from "../../../../src/cluster/server/ports.ts";
import { stepsOf, withReported } from "../../../../src/cluster/server/experiments/checkpointValues.ts";

const checkpoint = (step: number, metrics: Record<string, number>) => ({ step, metrics }) as Checkpoint;
const reported = (step: number, values: Record<string, number>, rank = 0): ReportedEvent => ({
  rank,
  writer: "harness-1",
  event: { seq: 1, t: 1, type: "metrics", group: "validation", step, values },
});
const metricsOf = (checkpoints: Checkpoint[]) => checkpoints.map(({ metrics }) => metrics);

test("the value of its own step replaces one of an earlier step, whenever it comes; no other step's does", () => {
  const held = [checkpoint(10, { "validation/loss": 0.9 }), checkpoint(20, { "validation/loss": 0.9 })];
  const events = [
    reported(19, { loss: 0.1 }),
    reported(20, { loss: 0.3, acc: 1 }),
    reported(21, { loss: 0.2 }),
  ];
  const once = withReported(held, events);
  expect(metricsOf(once)).toEqual([
    { "validation/loss": 0.9 },
    { "validation/loss": 0.3, "validation/acc": 1 },
  ]);
  expect(withReported(once, events)).toEqual(once);
});

test("of several values the last one counts, of ranks the first", () => {
  const events = [reported(1, { loss: 3 }), reported(1, { loss: 2 }), reported(1, { loss: 1 }, 1)];
  expect(metricsOf(withReported([checkpoint(1, {})], events))).toEqual([{ "validation/loss": 2 }]);
});

test("a value that is not a number leaves none of an earlier step in its place", () => {
  const held = [checkpoint(20, { "validation/loss": 0.9, "validation/acc": 1 })];
  expect(metricsOf(withReported(held, [reported(20, { loss: NaN })]))).toEqual([{ "validation/acc": 1 }]);
});

test("the steps that events speak about", () => {
  expect(stepsOf([reported(3, {}), reported(NaN, {}), reported(-1, {})])).toEqual({ from: -1, to: 3 });
  expect(stepsOf([])).toBeNull();
});
