import { expect, test } from "vitest";
import { bestSoFar } from "../../../../src/webviews/experiment/search/bestSoFar.ts";
import { trial } from "../../support/fixtures.ts";

const trials = [0.5, null, 0.7, 0.2, NaN, 0.3].map((value, index) =>
  trial({
    id: `12.${index + 1}`,
    number: index + 1,
    best: value === null ? null : { value, step: 1, at: 1_000_000 - index * 10_000 },
  }),
);
const BY_NUMBER = { originMs: null, until: null };

test("the best so far steps where a trial is better than all before it, up to the newest", () => {
  const { values, line } = bestSoFar(trials.toReversed(), true, BY_NUMBER);
  expect(values.map(({ number }) => number)).toEqual([1, 3, 4, 6]);
  expect(line).toEqual([
    { x: 1, y: 0.5 },
    { x: 4, y: 0.2 },
    { x: 6, y: 0.2 },
  ]);
});

test("where larger is better it climbs", () => {
  expect(bestSoFar(trials, false, BY_NUMBER).line).toEqual([
    { x: 1, y: 0.5 },
    { x: 3, y: 0.7 },
    { x: 6, y: 0.7 },
  ]);
});

test("without values there is nothing", () => {
  expect(bestSoFar([trial({ best: null })], true, { originMs: 0, until: 7 })).toEqual({
    values: [],
    line: [],
  });
});

test("against time it steps when the better value was reported, and goes on to now", () => {
  const { values, line } = bestSoFar(trials, true, { originMs: 900_000, until: 120 });
  expect(values.map(({ number, x }) => [number, x])).toEqual([
    [6, 50],
    [4, 70],
    [3, 80],
    [1, 100],
  ]);
  expect(line).toEqual([
    { x: 50, y: 0.3 },
    { x: 70, y: 0.2 },
    { x: 120, y: 0.2 },
  ]);
});

test("an older pool does not say when: the trial's end stands for it, and without one it is left out", () => {
  const best = { value: 1, step: 1 };
  const ended = trial({ number: 1, best, endedAt: 5000 });
  const { values } = bestSoFar([ended, trial({ number: 2, best })], true, { originMs: 0, until: null });
  expect(values.map(({ number, x }) => [number, x])).toEqual([[1, 5]]);
});
