import { expect, it } from "vitest";
import type { Checkpoint, MetricChoice } from "../../../src/cluster/protocol/entities.ts";
import { chooseCheckpoint, metricNames } from "../../../src/webviews/experiment/checkpointRanking.ts";
import { checkpoint } from "../support/fixtures.ts";

const by = (smallerIsBetter: boolean): MetricChoice => ({
  group: "validation",
  name: "score",
  smallerIsBetter,
  origin: "person",
});
const scored = (index: number, score: number) =>
  checkpoint(index, { metrics: { "validation/score": score } });

const chosen = (all: Checkpoint[], metric: MetricChoice | null) => {
  const choice = chooseCheckpoint(all, metric);
  return choice === null ? null : [choice.checkpoint.step, choice.why];
};

it("takes the lowest or the highest, never NaN", () => {
  const all = [scored(1, NaN), scored(2, 0.5), scored(3, 0.2), scored(4, 0.9)];
  expect(chosen(all, by(true))).toEqual([300, "best"]);
  expect(chosen(all, by(false))).toEqual([400, "best"]);
});

it("takes the latest without a metric, and where no checkpoint has it, and does not call it the best", () => {
  const all = [checkpoint(1), checkpoint(3), checkpoint(2)];
  expect(chosen(all, null)).toEqual([300, "latest"]);
  expect(chosen(all, by(true))).toEqual([300, "latest"]);
  expect(chosen([scored(1, NaN)], by(true))).toEqual([100, "latest"]);
  expect(chosen([], by(true))).toBeNull();
});

it("lists the names that can be chosen, once each", () => {
  expect(metricNames([checkpoint(1), checkpoint(2)])).toEqual(["training/loss", "validation/val_loss"]);
});
