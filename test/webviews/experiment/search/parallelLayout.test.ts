import { expect, test } from "vitest";
import { metricAxis, parameterAxes } from "../../../../src/webviews/experiment/search/axes.ts";
import {
  axisAt,
  heightOf,
  layoutParallel,
  LEAST_GAP,
  lineAt,
  spanBetween,
} from "../../../../src/webviews/experiment/search/parallelLayout.ts";
import { layoutScatter, nearestDot } from "../../../../src/webviews/experiment/search/scatterLayout.ts";
import { trialRows } from "../../../../src/webviews/experiment/search/trialRows.ts";
import { trial } from "../../support/fixtures.ts";

const LOSS = { group: "validation", name: "loss", smallerIsBetter: true, origin: "guess" as const };
const space = [{ name: "lr", type: "double" as const, minval: 0, maxval: 1 }];
const whole = trialRows([
  trial({ id: "12.1", number: 1, hyperparameters: { lr: 0 }, best: { value: 0.1, step: 1 } }),
  trial({ id: "12.2", number: 2, hyperparameters: { lr: 1 }, best: { value: 0.5, step: 1 } }),
]);
const broken = trialRows([
  trial({ id: "12.3", number: 3, hyperparameters: {}, best: { value: 0.3, step: 1 }, state: "failed" }),
  trial({
    id: "12.4",
    number: 4,
    hyperparameters: { lr: 0.5 },
    best: null,
    nan: { metric: "loss", step: 2 },
  }),
]);
const layoutOf = (rows: typeof whole, widthPx = 800, isWithin: () => boolean = () => true) =>
  layoutParallel(
    {
      rows,
      axes: [...parameterAxes(rows, space), metricAxis(rows, LOSS, false, null)],
      smallerIsBetter: true,
      isWithin,
    },
    widthPx,
    300,
  );

test("axes stand from left to right, the metric last; lines go from value to value", () => {
  const { axes, lines, top, bottom, laneY } = layoutOf(whole);
  expect(axes.map(({ axis }) => axis.title)).toEqual(["lr", "loss"]);
  expect(axes[0]?.x).toBeLessThan(axes[1]?.x ?? 0);
  expect(laneY).toBeNull();
  expect(lines.map(({ ys }) => ys[0])).toEqual([bottom, top]);
  expect(lines[0]?.goodness).toBe(1);
  expect(lines[1]?.goodness).toBe(0);
});

test("who has no value is in the lane below all values; who failed or had NaN is told apart", () => {
  const { lines, laneY, bottom } = layoutOf([...whole, ...broken]);
  expect(laneY).toBeGreaterThan(bottom);
  expect(lines[2]).toMatchObject({ isBroken: true });
  expect(lines[2]?.ys[0]).toBe(laneY);
  expect(lines[3]).toMatchObject({ isBroken: true, goodness: null });
  expect(lines[3]?.ys[1]).toBe(laneY);
});

test("a narrow window keeps room between axes and scrolls", () => {
  const many = trialRows(
    [0, 1].map((value) =>
      trial({
        hyperparameters: Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`p${at}`, value])),
      }),
    ),
  );
  const { axes, widthPx } = layoutParallel(
    { rows: many, axes: parameterAxes(many, []), smallerIsBetter: true, isWithin: () => true },
    300,
    300,
  );
  expect(widthPx).toBeGreaterThan(300);
  expect((axes[1]?.x ?? 0) - (axes[0]?.x ?? 0)).toBeCloseTo(LEAST_GAP);
});

test("the line under the pointer is found between axes, none far from all, none outside of the brushes", () => {
  const layout = layoutOf(whole);
  const [left, right] = layout.axes as [(typeof layout.axes)[0], (typeof layout.axes)[0]];
  const line = layout.lines[0];
  const middle = ((line?.ys[0] ?? 0) + (line?.ys[1] ?? 0)) / 2;
  const x = (left.x + right.x) / 2;
  expect(lineAt(layout, x, middle + 2)?.row.trial.id).toBe("12.1");
  expect(lineAt(layout, left.x, (layout.top + layout.bottom) / 2)).toBeNull();
  expect(
    lineAt(
      layoutOf(whole, 800, () => false),
      x,
      middle,
    ),
  ).toBeNull();
});

test("a drag on an axis is a span of it, with the lane where it goes down there", () => {
  const layout = layoutOf([...whole, ...broken]);
  const lane = layout.laneY ?? 0;
  expect(axisAt(layout, (layout.axes[1]?.x ?? 0) + 3)?.axis.title).toBe("loss");
  expect(axisAt(layout, 300)).toBeNull();
  const upper = spanBetween(layout, heightOf(layout, 0.9), heightOf(layout, 0.5));
  expect(upper).toEqual({
    span: { from: expect.closeTo(0.5) as number, to: expect.closeTo(0.9) as number },
    missing: false,
  });
  expect(spanBetween(layout, heightOf(layout, 0.2), lane)).toMatchObject({
    span: { from: 0 },
    missing: true,
  });
  expect(spanBetween(layout, layout.bottom + 5, lane + 4)).toEqual({ span: null, missing: true });
});

test("a scatter has the same places: values in the box, who has none in lanes beside it", () => {
  const rows = [...whole, ...broken];
  const [x] = parameterAxes(rows, space);
  if (x === undefined) throw new Error("no axis");
  const layout = layoutScatter(
    { rows, x, y: metricAxis(rows, LOSS, false, null), smallerIsBetter: true, isWithin: () => true },
    400,
    300,
  );
  const { box, dots } = layout;
  expect(dots[0]).toMatchObject({ x: box.left, y: box.bottom, goodness: 1 });
  expect(dots[2]?.x).toBe(layout.laneX);
  expect(dots[2]?.x).toBeLessThan(box.left);
  expect(dots[3]?.y).toBe(layout.laneY);
  expect(dots[3]?.y).toBeGreaterThan(box.bottom);
  expect(nearestDot(layout, box.right + 3, box.top)?.row.trial.id).toBe("12.2");
  expect(nearestDot(layout, box.right - 60, box.bottom)).toBeNull();
});
