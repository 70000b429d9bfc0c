import { expect, test } from "vitest";
import { SeriesState } from "../../../src/cluster/protocol/events.ts";
import { postableCell, postableSeries } from "../../../src/extension/panels/postable.ts";

const throughTheEditor = (message: unknown): unknown => JSON.parse(JSON.stringify(message));

test("a curve of which the last value is no number reaches the page", () => {
  const series = { trialId: "1.1", group: "training", name: "loss", rank: 0, count: 2, revision: 0 };
  const last = { lastStep: Infinity, lastValue: NaN, lastAt: 5 };
  expect(SeriesState.safeParse(throughTheEditor({ ...series, ...last })).success).toBe(false);
  expect(SeriesState.parse(throughTheEditor(postableSeries({ ...series, ...last })))).toMatchObject({
    ...series,
    lastAt: 5,
  });
});

test("a cell that is no number is its word", () => {
  expect([NaN, -Infinity, 1, "x", null].map(postableCell)).toEqual(["NaN", "-Infinity", 1, "x", null]);
});
