import { expect, it } from "vitest";
import { spreadLabels } from "../../../../src/webviews/experiment/curves/labels.ts";

it("leaves labels that do not touch where they are", () => {
  expect(spreadLabels([20, 60], 14, 0, 100)).toEqual([20, 60]);
});

it("spreads labels that would cover each other, in their order, inside of the chart", () => {
  const placed = spreadLabels([95, 94, 96, 50], 14, 0, 100);
  const order = [3, 1, 0, 2].map((index) => placed[index] ?? 0);
  for (let index = 1; index < order.length; index++) {
    expect((order[index] ?? 0) - (order[index - 1] ?? 0)).toBeGreaterThanOrEqual(14);
  }
  expect(Math.max(...placed)).toBeLessThanOrEqual(93);
});
