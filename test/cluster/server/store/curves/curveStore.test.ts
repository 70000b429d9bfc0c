import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CurveStore, RunReport } from "../../../../../src/cluster/server/ports.ts";
import { createCurveStore } from "../../../../../src/cluster/server/store/curves/curveStore.ts";

const silent = { info() {}, warn() {}, error() {} };
const loss = (trialId: string) => ({ trialId, group: "training", name: "loss", rank: 0 });

let folder: string;
let store: CurveStore;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "trainyard-curves-"));
  store = createCurveStore(folder, silent);
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A report of `values` at steps from `firstStep` on, read from bytes `from` to `from + values.length * 10`. */
function report(runId: string, firstStep: number, values: number[], from: number): RunReport {
  return {
    runId,
    skippedLines: 0,
    sources: [{ file: "0-harness-1.jsonl", from, to: from + values.length * 10 }],
    events: values.map((value, index) => ({
      rank: 0,
      writer: "harness-1",
      event: {
        seq: index + 1,
        t: 1000 + firstStep + index,
        type: "metrics",
        group: "training",
        step: firstStep + index,
        values: { loss: value },
      },
    })),
  };
}

function columns(read: { columns: Uint8Array; count: number }): {
  step: number[];
  time: number[];
  value: number[];
  superseded: number[];
} {
  const all = [...new Float64Array(read.columns.slice().buffer)];
  const column = (index: number) => all.slice(index * read.count, (index + 1) * read.count);
  return { step: column(0), time: column(1), value: column(2), superseded: column(3) };
}

describe("the curve store", () => {
  it("drops what was used longest ago from memory, and never the curves of a run that is followed", () => {
    store = createCurveStore(folder, silent, 1);
    store.hold("1.1.1");
    for (const run of ["1.1.1", "2.1.1", "3.1.1"]) store.append(report(run, 1, [1, 2], 0));
    // Whoever is in memory does not miss the files.
    for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name));
    expect(store.list("1.1")).toHaveLength(1);
    expect(store.cursors("1.1.1").size).toBe(1);
    expect(store.list("2.1")).toEqual([]);
    store.release("1.1.1");
    store.list("2.1");
    expect(store.list("1.1")).toEqual([]);
  });

  it("keeps a step that is reported again, by the same process or by another of its rank, in the order of the reports", () => {
    const parent = report("1.1.1", 1, [3, 2], 0);
    const child: RunReport = {
      ...report("1.1.1", 2, [1], 0),
      sources: [{ file: "0-harness-2.jsonl", from: 0, to: 10 }],
    };
    store.append(parent);
    store.append(child);
    store.append(report("1.1.1", 2, [9], 20));
    expect(columns(store.read(loss("1.1"), 0, null))).toMatchObject({
      step: [1, 2, 2, 2],
      value: [3, 2, 1, 9],
      superseded: [0, 0, 0, 0],
    });
    expect(store.list("1.1")).toMatchObject([{ count: 4, lastStep: 2, lastValue: 9 }]);
    expect(store.best("1.1", "training", "loss", true)).toMatchObject({ step: 2, value: 1 });
  });

  it("gives back what was appended, by cursor, also after it was opened again", () => {
    store.append(report("1.1.1", 1, [3, 2, NaN], 0));
    const before = store.read(loss("1.1"), 0, null);
    store.append(report("1.1.1", 4, [1], 30));
    expect(columns(store.read(loss("1.1"), before.cursor, null)).value).toEqual([1]);

    const again = createCurveStore(folder, silent);
    expect(columns(again.read(loss("1.1"), 0, null))).toEqual({
      step: [1, 2, 3, 4],
      time: [1001000, 1002000, 1003000, 1004000],
      value: [3, 2, NaN, 1],
      superseded: [0, 0, 0, 0],
    });
    expect(again.list("1.1")).toMatchObject([
      { name: "loss", count: 4, lastStep: 4, lastValue: 1, lastAt: 1004000 },
    ]);
    expect(again.cursors("1.1.1").get("0-harness-1.jsonl")).toBe(40);
  });

  it("leaves out a report that does not go on where the last one ended", () => {
    const first = report("1.1.1", 1, [3, 2], 0);
    store.append(first);
    store.append(first);
    store.append(report("1.1.1", 9, [9], 50));
    expect(columns(store.read(loss("1.1"), 0, null)).value).toEqual([3, 2]);
  });

  it("knows what a run reported at one step, the last value of it", () => {
    store.append(report("1.1.1", 1, [3, 2], 0));
    store.append(report("1.1.1", 2, [NaN], 20));
    store.append(report("1.1.2", 1, [7], 0));
    expect([...store.valuesAt("1.1.1", 1)]).toEqual([["training/loss", 3]]);
    expect([...store.valuesAt("1.1.1", 2)]).toEqual([["training/loss", NaN]]);
    expect([...store.valuesAt("1.1.2", 1)]).toEqual([["training/loss", 7]]);
    expect(store.valuesAt("1.1.2", 2).size).toBe(0);
  });

  it("marks what a resumed run trains again as superseded, and leaves it out of the best", () => {
    store.append(report("1.1.1", 1, [5, 4, 0.5, 3], 0));
    const { revision } = store.read(loss("1.1"), 0, null);
    store.supersede("1.1.2", 2);
    store.append(report("1.1.2", 3, [2, 1], 0));
    const read = store.read(loss("1.1"), 0, null);
    expect(columns(read)).toMatchObject({ step: [1, 2, 3, 4, 3, 4], superseded: [0, 0, 1, 1, 0, 0] });
    expect(read.revision).toBeGreaterThan(revision);
    expect(store.best("1.1", "training", "loss", true)).toEqual({ value: 1, step: 4, at: 1_004_000 });

    const again = createCurveStore(folder, silent);
    expect(columns(again.read(loss("1.1"), 0, null)).superseded).toEqual([0, 0, 1, 1, 0, 0]);
  });

  it("never takes NaN for the best", () => {
    store.append(report("1.1.1", 1, [NaN, 2, NaN, 3], 0));
    expect(store.best("1.1", "training", "loss", true)).toMatchObject({ value: 2, step: 2 });
    expect(store.best("1.1", "training", "loss", false)).toMatchObject({ value: 3, step: 4 });
    expect(store.best("1.1", "training", "accuracy", false)).toBeNull();
  });

  it("keeps a spike, the ends and the range when it reduces", () => {
    const values = Array.from({ length: 10_000 }, (_, index) => Math.sin(index / 50));
    values[7777] = 1000;
    store.append(report("1.1.1", 0, values, 0));
    const read = columns(store.read(loss("1.1"), 0, { points: 200, fromStep: null, toStep: null }));
    expect(read.step.length).toBeLessThanOrEqual(200);
    expect(read.value).toContain(1000);
    expect([read.step[0], read.step.at(-1)]).toEqual([0, 9999]);
    const zoomed = columns(store.read(loss("1.1"), 0, { points: 200, fromStep: 100, toStep: 150 }));
    expect(zoomed.step).toEqual(Array.from({ length: 51 }, (_, index) => 100 + index));
  });

  it("puts system samples on an axis of seconds that goes on over a restart", () => {
    const sample = (runId: string, t: number): RunReport => ({
      runId,
      skippedLines: 0,
      sources: [{ file: "0-supervisor.jsonl", from: 0, to: 10 }],
      events: [
        { rank: 0, writer: "supervisor", event: { seq: 1, t, type: "system", values: { cpu_percent: 50 } } },
      ],
    });
    store.append(sample("1.1.1", 100));
    store.append(sample("1.1.2", 107.5));
    const read = store.read({ trialId: "1.1", group: "system", name: "cpu_percent", rank: 0 }, 0, null);
    expect(columns(read).step).toEqual([0, 7.5]);
  });

  it("deletes one trial and not its neighbours", () => {
    for (const runId of ["1.1.1", "1.10.1", "11.1.1"]) store.append(report(runId, 1, [1], 0));
    store.delete("1.1");
    expect(["1.1", "1.10", "11.1"].map((trial) => store.list(trial).length)).toEqual([0, 1, 1]);
  });

  it("is whole blocks of what was written after any cut of the file (property)", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.double(), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (batches, at) => {
          const here = fs.mkdtempSync(path.join(folder, "cut-"));
          const writer = createCurveStore(here, silent);
          let from = 0;
          const ends: number[] = [0];
          for (const values of batches) {
            writer.append(report("2.1.1", from / 10, values, from));
            from += values.length * 10;
            ends.push(from);
          }
          const segment = path.join(here, "2.1.1.seg");
          fs.truncateSync(segment, Math.floor(fs.statSync(segment).size * at));
          const reader = createCurveStore(here, silent);
          const cursor = reader.cursors("2.1.1").get("0-harness-1.jsonl") ?? 0;
          expect(ends).toContain(cursor);
          const kept = columns(reader.read(loss("2.1"), 0, null)).value;
          expect(kept).toEqual(batches.flat().slice(0, cursor / 10));
          // What is appended from there on is read back, too: nothing of the broken block is left in the way.
          reader.append(report("2.1.1", 99, [7], cursor));
          expect(columns(createCurveStore(here, silent).read(loss("2.1"), 0, null)).value).toEqual([
            ...kept,
            7,
          ]);
        },
      ),
      { numRuns: 60 },
    );
  });
});
