/** What spares reading segments is never believed when it is not what was written, and never missed. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CurveStore, RunReport } from "../../../../../src/cluster/server/ports.ts";
import { createCurveStore } from "../../../../../src/cluster/server/store/curves/curveStore.ts";

const silent = { info() {}, warn() {}, error() {} };
const LOSS = { trialId: "1.1", group: "training", name: "loss", rank: 0 };

let folder: string;
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "trainyard-damage-"))));
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const valueAt = (step: number) => (step % 997 === 0 ? NaN : Math.sin(step) * (step % 4001 === 0 ? 1e6 : 1));

function report(runId: string, firstStep: number, count: number, from: number): RunReport {
  return {
    runId,
    skippedLines: 0,
    sources: [{ file: "0-harness-1.jsonl", from, to: from + count }],
    events: Array.from({ length: count }, (_, at) => ({
      rank: 0,
      writer: "harness-1",
      event: {
        seq: at + 1,
        t: firstStep + at,
        type: "metrics",
        group: "training",
        step: firstStep + at,
        values: { loss: valueAt(firstStep + at) },
      },
    })),
  };
}

function everything(store: CurveStore): Columns {
  const all: Columns = { step: [], value: [], superseded: [] };
  for (let cursor = 0; ;) {
    const { columns, count, cursor: next, total } = store.read(LOSS, cursor, null);
    const numbers = new Float64Array(columns.slice().buffer);
    all.step.push(...numbers.subarray(0, count));
    all.value.push(...numbers.subarray(2 * count, 3 * count));
    all.superseded.push(...numbers.subarray(3 * count));
    if (next >= total) return all;
    cursor = next;
  }
}

/** As a zoom reads it, which needs what an overview leaves unread. */
const zoomed = (store: CurveStore) =>
  Buffer.from(store.read(LOSS, 0, { points: 60, fromStep: 2100, toStep: 17_100 }).columns).toString("base64");

/** Two runs: the second goes on from step 10,000 of the first, which had got to 17,999. */
function fill(store: CurveStore): void {
  for (let from = 0; from < 18_000; from += 3000) store.append(report("1.1.1", from, 3000, from));
  store.release("1.1.1");
  store.supersede("1.1.2", 10_000);
  for (let from = 0; from < 12_500; from += 2500) store.append(report("1.1.2", 10_001 + from, 2500, from));
}
const steps = [...Array(18_000).keys(), ...[...Array(12_500).keys()].map((at) => 10_001 + at)];
interface Columns {
  step: number[];
  value: number[];
  superseded: number[];
}
const EXPECTED: Columns = {
  step: steps,
  value: steps.map(valueAt),
  superseded: steps.map((step, at) => (at < 18_000 && step > 10_000 ? 1 : 0)),
};

describe("the curves of long runs", () => {
  it("are the same from pages and summaries as from memory, and when they are dropped again and again", () => {
    const store = createCurveStore(folder, silent, 1);
    fill(store);
    expect(everything(store)).toEqual(EXPECTED);
    const best = store.best("1.1", "training", "loss", false);
    const counted = EXPECTED.value.filter(
      (value, at) => EXPECTED.superseded[at] === 0 && !Number.isNaN(value),
    );
    expect(best?.value).toBe(Math.max(...counted));
    store.close();
    expect(fs.readdirSync(folder).sort()).toEqual(
      ["1.1.1", "1.1.2"].flatMap((run) => [`${run}.pages`, `${run}.seg`, `${run}.sum`]),
    );
    const again = createCurveStore(folder, silent);
    again.list("2.1");
    expect(everything(again)).toEqual(EXPECTED);
    expect(again.best("1.1", "training", "loss", false)).toEqual(best);
    expect(again.list("1.1")).toEqual(store.list("1.1"));
    expect(again.cursors("1.1.1")).toEqual(new Map([["0-harness-1.jsonl", 18_000]]));
  });

  it("read no segment where there is a summary", () => {
    const store = createCurveStore(folder, silent);
    fill(store);
    store.close();
    const segment = path.join(folder, "1.1.1.seg");
    const bytes = fs.readFileSync(segment);
    bytes.fill(0, 1000, 2000); // not its last block, by which the summary knows it
    fs.writeFileSync(segment, bytes);
    expect(everything(createCurveStore(folder, silent))).toEqual(EXPECTED);
  });

  it("are exact after any damage to what is kept beside the segments (property)", () => {
    const store = createCurveStore(folder, silent);
    fill(store);
    const wanted = zoomed(store);
    store.close();
    const files = fs.readdirSync(folder).filter((name) => !name.endsWith(".seg"));
    expect(files).toHaveLength(4);
    const damage = fc.record({
      file: fc.constantFrom(...files),
      how: fc.constantFrom("cut", "flip", "remove", "swap", "append"),
      at: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), fc.boolean(), (damages, isZoomed) => {
        const here = fs.mkdtempSync(path.join(os.tmpdir(), "trainyard-damaged-"));
        try {
          fs.cpSync(folder, here, { recursive: true });
          for (const { file, how, at } of damages) hurt(path.join(here, file), how, at);
          const damaged = createCurveStore(here, silent);
          if (isZoomed) expect(zoomed(damaged)).toBe(wanted);
          expectSame(everything(damaged), EXPECTED);
          damaged.append(report("1.1.2", 22_501, 4000, 12_500));
          expect(damaged.list("1.1")).toMatchObject([{ count: 34_500, lastStep: 26_500 }]);
          damaged.close();
          expect(everything(createCurveStore(here, silent)).step.slice(-4001)).toEqual(
            [...Array(4001).keys()].map((step) => 22_500 + step),
          );
        } finally {
          fs.rmSync(here, { recursive: true, force: true });
        }
      }),
      { numRuns: 25 },
    );
  });

  it("keep in memory what cannot be paged out, and say so", () => {
    const said: string[] = [];
    const store = createCurveStore(folder, { ...silent, warn: (message: string) => void said.push(message) });
    fs.mkdirSync(path.join(folder, "1.1.1.pages"));
    fill(store);
    expect(everything(store)).toEqual(EXPECTED);
    expect(said[0]).toMatch(/could not be written/);
  });
});

/** Element by element in the matcher this takes a second. */
function expectSame(found: Columns, wanted: Columns): void {
  for (const column of ["step", "value", "superseded"] as const)
    expect(
      Buffer.from(Float64Array.from(found[column]).buffer).equals(
        Buffer.from(Float64Array.from(wanted[column]).buffer),
      ),
    ).toBe(true);
}

function hurt(file: string, how: string, at: number): void {
  if (!fs.existsSync(file)) return;
  const bytes = fs.readFileSync(file);
  const place = Math.floor(bytes.byteLength * at);
  if (how === "remove") fs.rmSync(file);
  else if (how === "cut") fs.truncateSync(file, place);
  else if (how === "append") fs.appendFileSync(file, Buffer.alloc(5000, 7));
  else if (how === "swap") {
    const other = file.replace(/1\.1\.(\d)/, (_, run) => `1.1.${run === "1" ? 2 : 1}`);
    if (fs.existsSync(other)) fs.copyFileSync(other, file);
  } else {
    bytes[place] = (bytes[place] ?? 0) ^ 0x10;
    fs.writeFileSync(file, bytes);
  }
}
