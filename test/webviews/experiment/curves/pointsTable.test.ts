import { expect, it } from "vitest";
import { Columns } from "../../../../src/webviews/experiment/curves/columns.ts";
import { pointRows } from "../../../../src/webviews/experiment/curves/pointsTable.ts";
import { curve, pack } from "../../support/points.ts";

function columnsOf(steps: number[], isSuperseded: (index: number) => boolean = () => false) {
  const points = curve({}, steps.length, (step) => step / 10, {
    stepAt: (index) => steps[index] ?? 0,
    isSuperseded,
  });
  const columns = new Columns();
  columns.append(pack(points, [...steps.keys()]), steps.length);
  return columns;
}
const values = (curves: (Columns | null)[]) => pointRows(curves).map((row) => [row.step, ...row.values]);

it("has a row for each step that any curve has, and no superseded points", () => {
  expect(values([columnsOf([1, 3]), columnsOf([2, 3])])).toEqual([
    [1, 0.1],
    [2, undefined, 0.2],
    [3, 0.3, 0.3],
  ]);
  expect(values([columnsOf([1, 2], (index) => index === 1)])).toEqual([[1, 0.1]]);
});

it("leaves a curve that is not read yet its place", () => {
  expect(values([null, columnsOf([2])])).toEqual([[2, undefined, 0.2]]);
});
