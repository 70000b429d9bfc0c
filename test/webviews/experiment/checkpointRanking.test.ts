import { expect, it } from "vitest";
import type { MetricChoice } from "../../../src/cluster/protocol/entities.ts";
import { bestCheckpoint, metricNames } from "../../../src/webviews/experiment/checkpointRanking.ts";
import { checkpoint } from "../support/fixtures.ts";

const by = (smallerIsBetter: boolean): MetricChoice => ({
  group: "validation",
  name: "score",
  smallerIsBetter,
  origin: "person",
});
const scored = (index: number, score: number) =>
  checkpoint(index, { metrics: { "validation/score": score } });

it("takes the lowest or the highest, never NaN", () => {
  const all = [scored(1, NaN), scored(2, 0.5), scored(3, 0.2), scored(4, 0.9)];
  expect(bestCheckpoint(all, by(true))?.step).toBe(300);
  expect(bestCheckpoint(all, by(false))?.step).toBe(400);
});

it("takes the latest without a metric, and where no checkpoint has it", () => {
  const all = [checkpoint(1), checkpoint(3), checkpoint(2)];
  expect(bestCheckpoint(all, null)?.step).toBe(300);
  expect(bestCheckpoint(all, by(true))?.step).toBe(300);
  expect(bestCheckpoint([], by(true))).toBeNull();
});

it("lists the names that can be chosen, once each", () => {
  expect(metricNames([checkpoint(1), checkpoint(2)])).toEqual(["training/loss", "validation/val_loss"]);
});
