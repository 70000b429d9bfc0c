import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CurveStore, RunFollower, RunReport } from "../../../../src/cluster/server/ports.ts";
import { createRunFollower } from "../../../../src/cluster/server/runs/follower.ts";
import { createCurveStore } from "../../../../src/cluster/server/store/curves/curveStore.ts";

const silent = { info() {}, warn() {}, error() {} };
let pool: string;
let curves: CurveStore;
beforeEach(() => {
  pool = fs.mkdtempSync(path.join(os.tmpdir(), "trainyard-follower-"));
  fs.mkdirSync(path.join(pool, "runs"));
  curves = createCurveStore(path.join(pool, "curves"), silent);
});
afterEach(() => fs.rmSync(pool, { recursive: true, force: true }));

const line = (seq: number, value: number | string) =>
  `${JSON.stringify({ seq, t: 1 + seq, type: "metrics", group: "training", step: seq, values: { loss: value } })}\n`;

function write(run: string, file: string, text: string | Buffer): void {
  const folder = path.join(pool, "runs", run, "events");
  fs.mkdirSync(folder, { recursive: true });
  fs.appendFileSync(path.join(folder, file), text);
}
/** All that it tells when nobody appends anything meanwhile. */
async function polled(reader: RunFollower): Promise<RunReport[]> {
  const reports: RunReport[] = [];
  for await (const report of reader.poll()) reports.push(report);
  return reports;
}
const follower = () => createRunFollower(path.join(pool, "runs"), curves, silent);
const steps = (reports: RunReport[]) =>
  reports.flatMap(({ events }) =>
    events.map(({ event }) => (event.type === "metrics" ? event.step : event.type)),
  );

const skipped = (reports: RunReport[]) => reports.reduce((sum, { skippedLines }) => sum + skippedLines, 0);

describe("the run follower", () => {
  it("hands out whole lines only, each once it was appended", async () => {
    const reader = follower();
    reader.follow("1.1.1");
    expect(await polled(reader)).toEqual([]);
    write("1.1.1", "0-harness-1.jsonl", line(1, 0.5) + line(2, "NaN").slice(0, 20));
    const first = await polled(reader);
    expect(steps(first)).toEqual([1]);
    expect(steps(await polled(reader))).toEqual([1]); // nobody appended it
    for (const report of first) curves.append(report);
    expect(await polled(reader)).toEqual([]);
    write("1.1.1", "0-harness-1.jsonl", line(2, "NaN").slice(20));
    const [second] = await polled(reader);
    expect(second?.events[0]?.event).toMatchObject({ step: 2, values: { loss: NaN } });
  });

  it("reads plain files only: no link, no folder, and no pipe that nobody writes to", async () => {
    const reader = follower();
    reader.follow("1.1.1");
    write("1.1.1", "0-harness-1.jsonl", line(1, 0.5));
    const folder = path.join(pool, "runs", "1.1.1", "events");
    fs.writeFileSync(path.join(pool, "outside"), line(2, 0.5));
    fs.symlinkSync(path.join(pool, "outside"), path.join(folder, "0-link.jsonl"));
    fs.mkdirSync(path.join(folder, "0-folder.jsonl"));
    execFileSync("mkfifo", [path.join(folder, "0-pipe.jsonl")]);
    expect(steps(await polled(reader))).toEqual([1]);
  });

  it("skips and counts what is no event, and goes on behind it", () => {
    const reader = follower();
    reader.follow("1.1.1");
    const noise = Buffer.concat([
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from("[1]\n{}\nnull\n"),
      Buffer.alloc(1_100_000, "x"),
      Buffer.from("\n"),
    ]);
    write("1.1.1", "0-harness-1.jsonl", noise);
    write("1.1.1", "0-harness-1.jsonl", line(3, 1));
    write("1.1.1", "notes.txt", "not mine");
    const reports = [...reader.finish("1.1.1")];
    expect(skipped(reports)).toBe(5);
    expect(steps(reports)).toEqual([3]);
  });

  it("skips reports whose step or time is no finite number", () => {
    const at = (step: string, t: string, group: string) =>
      `{"seq":1,"t":${t},"type":"metrics","group":"${group}","step":${step},"values":{"loss":1}}\n`;
    for (const group of ["training", "validation"])
      for (const [step, t] of [
        ["1e999", "1"],
        ['"NaN"', "1"],
        ['"-Infinity"', "1"],
        ["1", "1e999"],
        ["7", "1"],
      ] as const)
        write("1.1.1", "0-a.jsonl", at(step, t, group));
    const reader = follower();
    reader.follow("1.1.1");
    const reports = [...reader.finish("1.1.1")];
    expect(steps(reports)).toEqual([7, 7]);
    expect(skipped(reports)).toBe(8);
  });

  it("gets past a line that never ends", async () => {
    const reader = follower();
    reader.follow("1.1.1");
    for (let part = 0; part < 3; part++) write("1.1.1", "0-a.jsonl", Buffer.alloc(3_000_000, "x"));
    for await (const report of reader.poll()) curves.append(report);
    write("1.1.1", "0-a.jsonl", `\n${line(1, 1)}`);
    const seen = await polled(reader);
    expect(steps(seen)).toEqual([1]);
  });

  it("reads in turn what many runs have left unread, a piece of each at a time", async () => {
    const count = 6000;
    const lines = Array.from({ length: count }, (_, index) => line(index + 1, 0.5)).join("");
    for (const run of ["1.1.1", "1.2.1"]) write(run, "0-a.jsonl", lines);
    write("1.2.1", "0-a.jsonl", `${JSON.stringify({ pad: "x".repeat(900_000) })}\n${line(count + 1, 7)}`);
    const reader = follower();
    reader.follow("1.1.1");
    reader.follow("1.2.1");
    const order: string[] = [];
    for (let round = 0; round < 20; round++)
      for await (const report of reader.poll()) {
        curves.append(report);
        order.push(report.runId);
      }
    expect(order.slice(0, 4)).toEqual(["1.1.1", "1.2.1", "1.1.1", "1.2.1"]);
    expect(curves.list("1.1")).toMatchObject([{ count, lastValue: 0.5 }]);
    expect(curves.list("1.2")).toMatchObject([{ count: count + 1, lastValue: 7 }]);
  });

  it("refuses names that its schema refuses, also on the fast path", () => {
    write(
      "1.1.1",
      "0-a.jsonl",
      `${JSON.stringify({ seq: 1, t: 1, type: "metrics", group: "training", step: 1, values: { "a\u0000b": 1 } })}\n`,
    );
    const reader = follower();
    reader.follow("1.1.1");
    expect(skipped([...reader.finish("1.1.1")])).toBe(1);
  });

  it("hands out what a run has left unread chunk by chunk, however much it is", () => {
    const count = 150_000;
    const lines = Array.from({ length: count }, (_, index) => line(index + 1, 0.5));
    for (const rank of [0, 1, 2, 3]) write("1.1.1", `${rank}-a.jsonl`, lines.join(""));
    const reader = follower();
    reader.follow("1.1.1");
    let events = 0;
    for (const report of reader.finish("1.1.1")) {
      const bytes = report.sources.map(({ from, to }) => to - from);
      expect(Math.max(...bytes)).toBeLessThanOrEqual(4 * 1024 * 1024);
      events += report.events.length;
      curves.append(report);
    }
    expect(events).toBe(4 * count);
    expect(curves.list("1.1").map((series) => series.count)).toEqual([count, count, count, count]);
  });

  it("reads every line exactly once, whatever the chunks and restarts (property)", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.boolean()), { maxLength: 40 }),
        async (writes) => {
          const runId = `1.2.${++run}`;
          const text = Array.from({ length: 20 }, (_, index) => line(index + 1, index)).join("");
          let reader = follower();
          reader.follow(runId);
          const seen: RunReport[] = [];
          const drain = async () => {
            for await (const report of reader.poll()) {
              seen.push(report);
              curves.append(report);
            }
          };
          let at = 0;
          for (const [size, restarts] of writes) {
            write(runId, "0-a.jsonl", text.slice(at, at + size));
            at = Math.min(text.length, at + size);
            await drain();
            if (restarts) {
              curves = createCurveStore(path.join(pool, "curves"), silent);
              reader = follower();
              reader.follow(runId);
            }
          }
          write(runId, "0-a.jsonl", text.slice(at));
          await drain();
          expect(steps(seen)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
        },
      ),
      { numRuns: 25 },
    );
  });
});
