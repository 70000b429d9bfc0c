import { expect, test } from "vitest";
import { shownRows } from "../../../src/webviews/compare/tableRows.ts";

const row = (cells: (string | number | null)[], change = {}) => ({
  section: "Results",
  name: "loss",
  cells,
  differs: true,
  best: [],
  ...change,
});
const shown = (...args: Parameters<typeof row>) => shownRows([row(...args)], false)[0];

test("results have as many digits as tell them apart, and a difference to the first column", () => {
  const cells = shown([0.0613, 0.0744, null, "NaN"], { best: [0] })?.cells;
  expect(cells?.map(({ text }) => text)).toEqual(["0.0613", "0.0744", "–", "NaN"]);
  expect(cells?.map(({ delta }) => delta)).toEqual([null, "+0.013", null, null]);
  expect(cells?.map(({ isBest }) => isBest)).toEqual([true, false, false, false]);
});

test("what was set is shown as it was set, and measured against nothing", () => {
  const lr = shown([0.003, 0.0030001], { section: "Parameters" });
  expect(lr?.cells).toMatchObject([
    { text: "0.003", delta: null },
    { text: "0.0030001", delta: null },
  ]);
});

test("what is alike is shown only when it is asked for", () => {
  const alike = row(["a", "a"], { differs: false });
  expect(shownRows([alike], false)).toEqual([]);
  expect(shownRows([alike], true)).toMatchObject([{ isNumeric: false }]);
});
