import { expect, it } from "vitest";
import { Columns } from "../../../../src/webviews/experiment/curves/columns.ts";
import { pointRows } from "../../../../src/webviews/experiment/curves/pointsTable.ts";
import { curve, pack } from "../../support/points.ts";

it("appends what comes, beyond what it first had room for", () => {
  const columns = new Columns();
  const made = curve({}, 1000, (step) => step / 10);
  const indices = made.step.map((_, index) => index);
  columns.append(pack(made, indices.slice(0, 200)), 200);
  columns.append(pack(made, indices.slice(200)), 800);
  expect(columns.length).toBe(1000);
  expect([...columns.step.subarray(0, 1000)]).toEqual(made.step);
  expect([...columns.value.subarray(0, 1000)]).toEqual(made.value);
  expect(columns.time[999]).toBe(made.time[999]);
});

it("refuses fewer bytes than were announced", () => {
  expect(() => new Columns().append(new ArrayBuffer(64), 3)).toThrow(RangeError);
});

it("makes one row for each step of any curve, without superseded points", () => {
  const columns = (step: number[], value: number[], superseded: number[] = step.map(() => 0)) => {
    const held = new Columns();
    const time = step.map(() => 0);
    held.append(pack({ step, time, value, superseded }, [...step.keys()]), step.length);
    return held;
  };
  const rows = pointRows([columns([0, 1, 2], [1, 2, 3], [0, 1, 0]), columns([2, 4], [7, 8])]);
  expect(rows.map(({ step, values }) => [step, ...values])).toEqual([
    [0, 1],
    [2, 3, 7],
    [4, undefined, 8],
  ]);
});
