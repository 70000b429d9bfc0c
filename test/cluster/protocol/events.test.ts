import { expect, test } from "vitest";
import { SeriesState } from "../../../src/cluster/protocol/events.ts";

test("a curve's end may be any number: an answer that a client refuses would end its connection", () => {
  for (const odd of [NaN, Infinity, -Infinity]) {
    const state = {
      trialId: "1.1",
      group: "training",
      name: "loss",
      rank: 0,
      count: 1,
      revision: 0,
      lastStep: odd,
      lastValue: odd,
      lastAt: odd,
    };
    expect(SeriesState.parse(state)).toEqual(state);
  }
});
