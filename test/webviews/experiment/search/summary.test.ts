import { expect, test } from "vitest";
import type { SpaceAxis } from "../../../../src/cluster/protocol/search.ts";
import { searchSummary } from "../../../../src/webviews/experiment/search/summary.ts";
import { trialRows } from "../../../../src/webviews/experiment/search/trialRows.ts";
import { trial } from "../../support/fixtures.ts";

const LOSS = { name: "loss", smallerIsBetter: true };
const LR: SpaceAxis = { name: "lr", type: "log", minval: -4, maxval: -1, base: 10 };
const WIDTH: SpaceAxis = { name: "width", type: "int", minval: 10, maxval: 110 };
const DROPOUT: SpaceAxis = { name: "dropout", type: "double", minval: 0, maxval: 0.5 };
const rowsOf = (all: { lr: number; width: number; dropout: number }[]) =>
  trialRows(
    all.map((hyperparameters, index) =>
      trial({
        id: `12.${index + 1}`,
        number: index + 1,
        hyperparameters,
        best: { value: 0.1 * (index + 1), step: 1 },
      }),
    ),
  );
/** Best first. */
const rows = rowsOf([
  { lr: 0.09, width: 12, dropout: 0.01 },
  { lr: 0.1, width: 15, dropout: 0 },
  { lr: 0.08, width: 10, dropout: 0.02 },
  { lr: 0.001, width: 60, dropout: 0.3 },
  { lr: 0.003, width: 70, dropout: 0.4 },
  { lr: 0.0002, width: 100, dropout: 0.5 },
]);
const entries = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ trialId: `12.${at + 1}`, value: 1, promoted: false }));
const rungs = [
  { units: 1, entries: entries(6), cut: null, coming: [] },
  { units: 3, entries: entries(2), cut: null, coming: [] },
  { units: 9, entries: entries(1), cut: null, coming: [] },
];
const search = {
  brackets: [{ trialsPlanned: 6, variant: "stopping" as const, rungs }],
  space: [LR, WIDTH, DROPOUT],
  timeMetric: "epochs",
};

test("says the best with its parameters, and the work against training all to the end", () => {
  const summary = searchSummary(rows, search, LOSS);
  expect(summary?.best).toEqual({
    trialId: "12.1",
    words: "loss 0.1, trial 1",
    parameters: [
      { label: "dropout", text: "0.01" },
      { label: "lr", text: "0.09" },
      { label: "width", text: "12" },
    ],
  });
  // 6 x 1, 2 x 2 more, 1 x 6 more.
  expect(summary?.work).toBe("16 epochs trained, of 54 for 6 trials to the end: 70 % saved");
});

test("where the best three agree on an end of the space, it says how far to go on; not below zero", () => {
  expect(searchSummary(rows, search, LOSS)?.edges).toEqual([
    "the best 3 have lr at its upper end, 0.1: try up to 1",
    "the best 3 have width at its lower end, 10: try down to 1",
  ]);
});

test("where larger is better, others are the best", () => {
  const summary = searchSummary(rows, search, { name: "accuracy", smallerIsBetter: false });
  expect(summary?.best.trialId).toBe("12.6");
  expect(summary?.edges).toEqual([]);
});

test("few trials say nothing about the space, a search without rungs nothing about work", () => {
  const summary = searchSummary(rows.slice(0, 4), { ...search, brackets: null }, LOSS);
  expect(summary).toMatchObject({ work: null, edges: [] });
});

test("a parameter that one of the best does not have has no end; without values there is no summary", () => {
  const lacking = trialRows(rows.map(({ trial: one }) => ({ ...one, hyperparameters: { lr: 0.1 } })));
  expect(searchSummary(lacking, { ...search, space: [WIDTH] }, LOSS)?.edges).toEqual([]);
  expect(searchSummary(trialRows([trial({ best: null })]), search, LOSS)).toBeNull();
});
