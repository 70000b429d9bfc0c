import { expect, test } from "vitest";
import {
  differingParameters,
  rowText,
  sortRows,
  trialRows,
} from "../../../../src/webviews/experiment/search/trialRows.ts";
import { trial } from "../../support/fixtures.ts";

const rows = trialRows([
  trial({
    number: 1,
    state: "completed",
    best: { value: 0.3, step: 9 },
    hyperparameters: { lr: 0.1, a: { b: 1 } },
  }),
  trial({
    number: 2,
    state: "stopped",
    best: null,
    latestStep: null,
    hyperparameters: { lr: 0.01, a: { b: 1 } },
  }),
  trial({
    number: 3,
    state: "stopped",
    best: { value: 0.2, step: 9 },
    hyperparameters: { lr: 0.02, a: { b: 1, only: "adam" } },
  }),
]);
const order = (column: string, ascending: boolean) =>
  sortRows(rows, { column, ascending }).map((row) => row.trial.number);

test("columns are what differs, also where some trials do not have it", () => {
  expect(differingParameters(rows)).toEqual(["a.only", "lr"]);
  expect(differingParameters(rows.slice(0, 1))).toEqual([]);
});

test("sorts by any column; what has no value stays last", () => {
  expect(order("best", true)).toEqual([3, 1, 2]);
  expect(order("best", false)).toEqual([1, 3, 2]);
  expect(order("parameter:lr", true)).toEqual([2, 3, 1]);
  expect(order("parameter:a.only", false)).toEqual([3, 1, 2]);
  expect(order("state", true)).toEqual([1, 2, 3]);
  expect(order("number", false)).toEqual([3, 2, 1]);
});

test("a filter sees state, values and hyperparameters by their names", () => {
  expect(rowText(rows[2] as (typeof rows)[number])).toBe(
    "trial 3 stopped best=0.2 step=900 lr=0.02 a.b=1 a.only=adam",
  );
  expect(rowText(rows[1] as (typeof rows)[number])).toBe("trial 2 stopped lr=0.01 a.b=1");
});
