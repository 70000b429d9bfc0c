import { expect, test } from "vitest";
import { bestSoFar } from "../../../../src/webviews/experiment/search/bestSoFar.ts";
import { trial } from "../../support/fixtures.ts";

const trials = [0.5, null, 0.7, 0.2, NaN, 0.3].map((value, index) =>
  trial({
    id: `12.${index + 1}`,
    number: index + 1,
    best: value === null ? null : { value, step: 1 },
  }),
);

test("the best so far steps where a trial is better than all before it, up to the newest", () => {
  const { values, line } = bestSoFar(trials.toReversed(), true);
  expect(values.map(({ number }) => number)).toEqual([1, 3, 4, 6]);
  expect(line).toEqual([
    { x: 1, y: 0.5 },
    { x: 4, y: 0.2 },
    { x: 6, y: 0.2 },
  ]);
});

test("where larger is better it climbs", () => {
  expect(bestSoFar(trials, false).line).toEqual([
    { x: 1, y: 0.5 },
    { x: 3, y: 0.7 },
    { x: 6, y: 0.7 },
  ]);
});

test("without values there is nothing", () => {
  expect(bestSoFar([trial({ best: null })], true)).toEqual({ values: [], line: [] });
});
