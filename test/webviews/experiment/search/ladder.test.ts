import { describe, expect, test } from "vitest";
import type { Bracket } from "../../../../src/cluster/protocol/search.ts";
import {
  entrySentence,
  ladderRungs,
  rungWords,
  unitsText,
  type LadderEntry,
} from "../../../../src/webviews/experiment/search/ladder.ts";
import { dotAt, layoutLadder, neighbour } from "../../../../src/webviews/experiment/search/ladderLayout.ts";

const bracket: Bracket = {
  trialsPlanned: 6,
  variant: "stopping",
  rungs: [
    {
      units: 25,
      cut: 0.19,
      coming: ["12.5"],
      entries: [
        { trialId: "12.3", value: 0.1, promoted: true },
        { trialId: "12.1", value: 0.19, promoted: true },
        { trialId: "12.7", value: 0.231, promoted: false },
        { trialId: "12.4", value: null, promoted: false },
      ],
    },
    { units: 75, cut: null, coming: [], entries: [{ trialId: "12.3", value: 0.05, promoted: false }] },
  ],
};
const trials = new Map(
  [1, 3, 4, 7].map((number) => [
    `12.${number}`,
    { number, state: number === 4 ? "failed" : "stopped" } as const,
  ]),
);
const rungs = ladderRungs(bracket, { smallerIsBetter: true }, trials);
const of = (number: number) => rungs[1]?.entries.find((entry) => entry.number === number) as LadderEntry;

describe("the ladder in words", () => {
  test("top first, with what became of each", () => {
    expect(rungs.map(({ units }) => units)).toEqual([75, 25]);
    expect(rungs[0]?.entries.map(({ outcome }) => outcome)).toEqual(["finished"]);
    expect(rungs[1]?.entries.map(({ outcome }) => outcome)).toEqual([
      "wentOn",
      "wentOn",
      "stopped",
      "failed",
    ]);
    expect(rungs.map((rung, index) => rungWords(rung, index === 0))).toEqual([
      "1 came",
      "4 came, 2 went on, 1 coming",
    ]);
  });

  test("a rung to which nobody has come says so", () => {
    const empty = { units: 1, entries: [], cut: null, coming: 0 };
    expect(rungWords(empty, false)).toBe("nobody yet");
    expect(rungWords({ ...empty, coming: 2 }, true)).toBe("nobody yet, 2 coming");
  });

  test("says by how much a trial missed the cut", () => {
    expect(entrySentence(of(7), "25 epochs")).toBe("trial 7: 0.231 at 25 epochs, stopped, missed by 0.041");
    expect(entrySentence(of(3), "25 epochs")).toBe("trial 3: 0.1 at 25 epochs, went on");
    expect(entrySentence(of(4), "25 epochs")).toBe("trial 4: no value at 25 epochs, failed");
    const moved = { ...of(7), missedBy: -0.01 };
    expect(entrySentence(moved, "25")).toContain("would go on by the cut of now");
  });

  test("where larger is better, and where trials pause", () => {
    const promotion = { ...bracket, variant: "promotion" as const };
    const paused = new Map([["12.7", { number: 7, state: "paused" as const }]]);
    const [, first] = ladderRungs(promotion, { smallerIsBetter: false }, paused);
    expect(first?.entries[2]).toMatchObject({ outcome: "paused" });
    expect(first?.entries[2]?.missedBy).toBeCloseTo(-0.041);
  });

  test("names units as people do", () => {
    expect(unitsText(1, "epochs")).toBe("1 epoch");
    expect(unitsText(2403, null)).toBe("2,403 steps");
    expect(unitsText(9, "tokens/seen")).toBe("9 tokens/seen");
  });
});

describe("its layout", () => {
  const range = { min: 0, max: 0.5 };
  const ranges = [range, range];
  const layout = layoutLadder(rungs, ranges, 520, true);
  const at = (rung: number, number: number) =>
    layout.dots.find((dot) => dot.rung === rung && dot.entry.number === number) ?? null;

  test("dots stand by value inside their rung's row, failed ones at the bad end", () => {
    expect(at(1, 3)?.x).toBe(110);
    expect(at(1, 4)).toMatchObject({ x: 510, isBeyond: true });
    for (const { rung, y } of layout.dots) {
      const row = layout.rows[rung];
      expect(y).toBeGreaterThan(row?.top ?? Infinity);
      expect(y).toBeLessThan(row?.axisY ?? -Infinity);
    }
    expect(layout.rows[1]?.cutX).toBe(200);
    expect(layout.rows[0]?.cutX).toBeNull();
  });

  test("a thousand trials of one value stay inside their row", () => {
    const entries = Array.from({ length: 1000 }, (_, index) => ({
      ...of(7),
      trialId: `12.${index}`,
      number: index + 1,
    }));
    const crowded = layoutLadder([{ units: 1, entries, cut: 0.1, coming: 0 }], [range], 520, true);
    const [row] = crowded.rows;
    const ys = crowded.dots.map(({ y }) => y);
    expect(Math.min(...ys)).toBeGreaterThanOrEqual(row?.top ?? Infinity);
    expect(Math.max(...ys)).toBeLessThanOrEqual(row?.axisY ?? -Infinity);
    expect(crowded.height).toBeLessThan(150);
  });

  test("the pointer finds the dot near it, and none where none is", () => {
    const dot = at(1, 7);
    expect(dotAt(layout, (dot?.x ?? 0) + 3, dot?.y ?? 0)).toBe(dot);
    expect(dotAt(layout, 350, dot?.y ?? 0)).toBeNull();
  });

  test("arrows walk along a rung by value, and between rungs with the trial", () => {
    expect(neighbour(layout, null, "ArrowRight")).toBe(at(0, 3));
    expect(neighbour(layout, at(0, 3), "ArrowDown")).toBe(at(1, 3));
    expect(neighbour(layout, at(1, 3), "ArrowRight")).toBe(at(1, 1));
    expect(neighbour(layout, at(1, 3), "ArrowLeft")).toBe(at(1, 3));
    expect(neighbour(layout, at(1, 7), "ArrowUp")).toBe(at(0, 3));
    expect(neighbour(layout, at(1, 3), "End")).toBe(at(1, 4));
    expect(neighbour(layout, at(0, 3), "ArrowUp")).toBe(at(0, 3));
  });
});
