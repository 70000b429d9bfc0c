import { expect, it } from "vitest";
import { metricCharts, MOST_IN_COLOUR } from "../../../../src/webviews/experiment/curves/charts.ts";
import { crowdPoints, standing } from "../../../../src/webviews/experiment/curves/front.ts";
import { seriesKey } from "../../../../src/webviews/experiment/store.ts";
import { series } from "../../support/fixtures.ts";

function curves(count: number) {
  const all = Array.from({ length: count }, (_, at) => series({ trialId: `12.${at + 1}`, name: "loss" }));
  return metricCharts(all, new Map())[0]?.curves ?? [];
}
const key = (trial: number) => seriesKey(series({ trialId: `12.${trial}`, name: "loss" }));

it("a few curves are all in front, and those selected do not recede", () => {
  const found = standing(curves(MOST_IN_COLOUR), { best: "12.2", selected: ["12.3"] });
  expect(found.isCrowd).toBe(false);
  expect(found.front.size).toBe(MOST_IN_COLOUR);
  expect([...found.kept]).toEqual([key(3)]);
});

it("of a crowd the best and the selected are in front, also when hundreds are selected", () => {
  const all = curves(1000);
  const found = standing(all, { best: "12.900", selected: ["12.3", "12.7"] });
  expect(found.isCrowd).toBe(true);
  expect([...found.front].sort()).toEqual([key(3), key(7), key(900)].sort());
  const many = standing(all, { best: "12.900", selected: all.map(({ series: { trialId } }) => trialId) });
  expect(many.front.size).toBeLessThanOrEqual(MOST_IN_COLOUR + 1);
  expect(many.front.has(key(900))).toBe(true);
  expect(standing(all, { best: null, selected: [] }).front.size).toBe(0);
});

it("reads fewer points of each the more curves there are", () => {
  expect([21, 50, 1000].map((count) => crowdPoints(count, 2000))).toEqual([1190, 500, 256]);
});
