import { describe, expect, it } from "vitest";
import {
  applyChange,
  fromSnapshot,
  latestRun,
  runsOf,
  seriesKey,
  shownTrial,
  type PageData,
} from "../../../src/webviews/experiment/store.ts";
import { checkpoint, experiment, run, series, snapshot, trial } from "../support/fixtures.ts";

const change = (seq: number, parts: object = {}) => ({ type: "change" as const, seq, ...parts });
function applied(data: PageData, parts: object): PageData {
  const result = applyChange(data, change(data.seq + 1, parts));
  if (result.kind !== "applied") throw new Error(`the change was ${result.kind}`);
  return result.data;
}

describe("applyChange", () => {
  const data = fromSnapshot(
    snapshot({ seq: 7, series: [series({ count: 3 })], checkpoints: [checkpoint(1)] }),
  );

  it("takes the next number and says which parts changed", () => {
    const result = applyChange(data, change(8, { trials: [trial({ state: "pausing" })] }));
    expect(result.kind).toBe("applied");
    if (result.kind !== "applied") return;
    expect(result.data.trials.get("12.1")?.state).toBe("pausing");
    expect([...result.changed]).toEqual(["trials"]);
    expect(result.data.series).toBe(data.series);
    expect(data.trials.get("12.1")?.state).toBe("running");
  });

  it("sees a gap, and lets what it knows already pass", () => {
    expect(applyChange(data, change(9)).kind).toBe("gap");
    expect(applyChange(data, change(7)).kind).toBe("old");
    expect(applyChange(data, change(3)).kind).toBe("old");
  });

  it("adds and deletes checkpoints in one change", () => {
    const next = applied(data, {
      checkpoints: [checkpoint(2)],
      deletedCheckpoints: [checkpoint(1).uuid],
    });
    expect([...next.checkpoints.keys()]).toEqual([checkpoint(2).uuid]);
  });

  it("keeps series of one name apart by trial, group and rank", () => {
    const next = applied(data, {
      series: [
        series({ group: "validation" }),
        series({ rank: 1 }),
        series({ trialId: "12.2" }),
        series({ count: 9 }),
      ],
    });
    expect(next.series.size).toBe(4);
    expect(next.series.get(seriesKey(series()))?.count).toBe(9);
  });

  it("remembers the sizes of the output of each run", () => {
    const one = applied(data, { output: { runId: "12.1.1", stdout: 10, stderr: 0 } });
    const two = applied(one, { output: { runId: "12.1.2", stdout: 5, stderr: 1 } });
    expect(two.output.get("12.1.1")).toEqual({ stdout: 10, stderr: 0 });
    expect(two.output.get("12.1.2")).toEqual({ stdout: 5, stderr: 1 });
  });
});

describe("what views ask", () => {
  it("shows the chosen trial, else the best, else the newest", () => {
    const trials = [trial(), trial({ id: "12.2", number: 2 }), trial({ id: "12.3", number: 3 })];
    const best = { trialId: "12.2", value: 1, step: 1 };
    const data = fromSnapshot(snapshot({ trials, experiment: experiment({ best }) }));
    expect(shownTrial(data, "12.3")?.id).toBe("12.3");
    expect(shownTrial(data, null)?.id).toBe("12.2");
    expect(shownTrial(data, "12.99")?.id).toBe("12.2");
    const without = fromSnapshot(snapshot({ trials, experiment: experiment({ best: null }) }));
    expect(shownTrial(without, null)?.id).toBe("12.3");
  });

  it("finds the attempts of a trial in order, and the current one", () => {
    const runs = [
      run({ id: "12.1.10", attempt: 10 }),
      run({ id: "12.1.2", attempt: 2 }),
      run({ id: "12.2.1", trialId: "12.2" }),
    ];
    const data = fromSnapshot(snapshot({ runs }));
    expect(runsOf(data, "12.1").map((one) => one.attempt)).toEqual([2, 10]);
    expect(latestRun(data, trial({ currentRun: "12.1.2" }))?.id).toBe("12.1.2");
    expect(latestRun(data, trial({ currentRun: null }))?.id).toBe("12.1.10");
  });
});
