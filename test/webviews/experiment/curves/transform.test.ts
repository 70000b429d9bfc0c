import { describe, expect, it } from "vitest";
import {
  drawnCurve,
  extent,
  lonePoints,
  nearestIndex,
  smooth,
  type CurveOptions,
} from "../../../../src/webviews/experiment/curves/transform.ts";

const OPTIONS: CurveOptions = {
  xAxis: "step",
  logX: false,
  logY: false,
  smoothing: 0,
  originMs: 1000,
};
function columns(step: number[], value: number[], superseded: number[] = step.map(() => 0)) {
  return {
    length: step.length,
    reported: step.length,
    version: 1,
    step: Float64Array.from(step),
    time: Float64Array.from(step.map((_, index) => 1000 + index * 500)),
    value: Float64Array.from(value),
    superseded: Float64Array.from(superseded),
  };
}

describe("drawnCurve", () => {
  it("keeps NaN and infinities as gaps and says where they are", () => {
    const drawn = drawnCurve(columns([0, 1, 2, 3], [1, NaN, Infinity, 2]), OPTIONS);
    expect(drawn.line.map((point) => point.y)).toEqual([1, NaN, NaN, 2]);
    expect(drawn.notNumbers).toEqual([1, 2]);
    expect(drawn.lone).toEqual([
      { x: 0, y: 1 },
      { x: 3, y: 2 },
    ]);
  });

  it("takes time relative to the beginning, in seconds", () => {
    const drawn = drawnCurve(columns([10, 20, 30], [1, 2, 3]), { ...OPTIONS, xAxis: "time" });
    expect(drawn.line.map((point) => point.x)).toEqual([0, 0.5, 1]);
  });

  it("leaves out what a logarithmic axis cannot show, and counts it", () => {
    const logY = drawnCurve(columns([1, 2, 3], [1, 0, -1]), { ...OPTIONS, logY: true });
    expect(logY.leftOut).toBe(2);
    expect(logY.notNumbers).toEqual([]);
    const logX = drawnCurve(columns([0, 1, 2], [1, 2, 3]), { ...OPTIONS, logX: true });
    expect(logX.line.map((point) => point.x)).toEqual([1, 2]);
    expect(logX.leftOut).toBe(1);
  });

  it("separates superseded points, with a gap between attempts", () => {
    const drawn = drawnCurve(
      columns([0, 1, 2, 3, 1, 2, 1], [1, 2, 3, 4, 5, 6, 7], [0, 1, 1, 1, 1, 1, 0]),
      OPTIONS,
    );
    expect(drawn.line.map((point) => point.y)).toEqual([1, 7]);
    expect(drawn.superseded.map((point) => point.y)).toEqual([2, 3, 4, NaN, 5, 6]);
  });

  it("sorts what several writers interleaved", () => {
    const drawn = drawnCurve(columns([0, 5, 2], [1, 3, 2]), OPTIONS);
    expect(drawn.line.map((point) => point.x)).toEqual([0, 2, 5]);
  });

  it("keeps the reported line behind a smoothed one", () => {
    const drawn = drawnCurve(columns([0, 1, 2], [0, 1, 0]), { ...OPTIONS, smoothing: 0.5 });
    expect(drawn.raw?.map((point) => point.y)).toEqual([0, 1, 0]);
    expect(drawn.line).not.toEqual(drawn.raw);
  });
});

describe("smooth", () => {
  it("is the debiased moving average of each point for evenly spaced points", () => {
    const values = [2, 4, 8];
    const smoothed = smooth(
      values.map((y, x) => ({ x, y })),
      0.5,
    ).map((point) => point.y);
    // m1 = 1 / 0.5, m2 = 2.5 / 0.75, m3 = 5.25 / 0.875
    expect(smoothed).toEqual([2, 2.5 / 0.75, 5.25 / 0.875]);
  });
  it("leaves a constant as it is, from the first point on", () => {
    const points = Array.from({ length: 50 }, (_, x) => ({ x, y: 3 }));
    for (const point of smooth(points, 0.95)) expect(point.y).toBeCloseTo(3);
  });
  it("goes on after a gap", () => {
    const smoothed = smooth(
      [1, NaN, 1].map((y, x) => ({ x, y })),
      0.9,
    );
    expect(smoothed[1]?.y).toBeNaN();
    expect(smoothed[2]?.y).toBeCloseTo(1);
  });
  it("looks the same however densely a long curve was read", () => {
    const at = (x: number) => Math.sin(x / 3000);
    const dense = Array.from({ length: 20_000 }, (_, x) => ({ x, y: at(x) }));
    const sparse = dense.filter((point) => point.x % 10 === 0 || point.x === 19_999);
    const from = (points: { x: number; y: number }[]) =>
      smooth(points, 0.9, 20_000).find((point) => point.x === 10_000)?.y ?? NaN;
    expect(from(sparse)).toBeCloseTo(from(dense), 2);
  });
});

it("finds the nearest point", () => {
  const points = [0, 10, 20].map((x) => ({ x, y: 0 }));
  expect([-5, 4, 5, 6, 14, 99].map((x) => nearestIndex(points, x))).toEqual([0, 0, 0, 1, 1, 2]);
  expect(nearestIndex([], 1)).toBe(-1);
});

it("finds the points that a line cannot show", () => {
  const points = [1, NaN, 2, 3, NaN, 4].map((y, x) => ({ x, y }));
  expect(lonePoints(points).map((point) => point.y)).toEqual([1, 4]);
  expect(lonePoints([{ x: 7, y: 7 }])).toHaveLength(1);
});

it("measures what lies between two x", () => {
  const points = [5, 1, NaN, 9].map((y, x) => ({ x, y }));
  expect(extent(points)).toEqual({ x: [0, 3], y: [1, 9] });
  expect(extent(points, 0, 2)).toEqual({ x: [0, 2], y: [1, 5] });
  expect(extent(points, 50, 60)).toBeNull();
});
