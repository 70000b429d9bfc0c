// @vitest-environment jsdom
import fc from "fast-check";
import { expect, test } from "vitest";
import { chartImage, chartSvg } from "../../../../../src/extension/language-server/server/results/chart.ts";

const LINE = { theme: "dark", marks: "line" } as const;

function parsed(svg: string): Document {
  const document = new DOMParser().parseFromString(svg, "image/svg+xml");
  expect(document.querySelector("parsererror")).toBeNull();
  return document;
}
const textsOf = (svg: string): string[] =>
  [...parsed(svg).querySelectorAll("text")].map(({ textContent }) => textContent);

test("the axes say the ends of both ranges", () => {
  expect(
    textsOf(
      chartSvg(
        [
          [0, 1],
          [50, 0.25],
          [100, 0.5],
        ],
        LINE,
      ),
    ),
  ).toEqual(["0.25", "1", "0", "100"]);
});

test("one point is a dot, a constant a line in the middle, nothing nothing", () => {
  expect(parsed(chartSvg([[3, 0.5]], LINE)).querySelectorAll("circle")).toHaveLength(1);
  expect(
    textsOf(
      chartSvg(
        [
          [0, 2],
          [9, 2],
        ],
        LINE,
      ),
    ),
  ).toEqual(["2", "0", "9"]);
  expect([chartSvg([], LINE), chartImage([], LINE), chartSvg([[NaN, 1]], LINE)]).toEqual(["", "", ""]);
});

test("numbers of any size are told apart, or are one", () => {
  for (const high of [5e-324, 1e-308, 1, Number.MAX_VALUE])
    expect(
      chartSvg(
        [
          [0, 0],
          [1, high],
          [2, -high],
        ],
        LINE,
      ),
    ).not.toMatch(/NaN|Infinity/);
});

test("what is no number breaks the line, and is marked", () => {
  const svg = parsed(
    chartSvg(
      [
        [0, 1],
        [1, 2],
        [2, NaN],
        [3, 1],
        [4, -Infinity],
      ],
      LINE,
    ),
  );
  const [axis, ...lines] = [...svg.querySelectorAll("path")].map((path) => path.getAttribute("stroke-width"));
  expect([axis, lines]).toEqual([null, ["1.5", "1.5", "1.5", "1.5"]]);
  expect(
    textsOf(
      chartSvg(
        [
          [0, NaN],
          [5, NaN],
        ],
        LINE,
      ),
    ),
  ).toEqual(["0", "5"]);
});

test("a range over three powers of ten is drawn by its logarithm, and says so", () => {
  expect(
    textsOf(
      chartSvg(
        [
          [0, 100],
          [1, 1e-3],
        ],
        LINE,
      ),
    ),
  ).toContain("log");
  expect(
    textsOf(
      chartSvg(
        [
          [0, 100],
          [1, 0],
        ],
        LINE,
      ),
    ),
  ).not.toContain("log");
});

test("any points make a picture with finite places inside of it (property)", () => {
  const number = fc.oneof(
    fc.double(),
    fc.constantFrom(0, 1, -1, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number)), fc.constantFrom("line", "points"), (points, marks) => {
      const svg = chartSvg(points, { theme: "light", marks });
      expect(svg).not.toMatch(/NaN"|Infinity"|NaN |[ML]-?Infinity/);
      for (const [, x = "", y = ""] of svg.matchAll(/[ML](-?[\d.e+-]+) (-?[\d.e+-]+)/g)) {
        expect(Number(x)).toBeGreaterThanOrEqual(0);
        expect(Number(x)).toBeLessThanOrEqual(330);
        expect(Number(y)).toBeGreaterThanOrEqual(0);
        expect(Number(y)).toBeLessThanOrEqual(112);
      }
    }),
  );
});
