import { expect, test } from "vitest";
import type { FoundRun } from "../../../src/cluster/client/imports/readRuns.ts";
import { importRows } from "../../../src/extension/commands/importRows.ts";

const run = (change: Partial<FoundRun>): FoundRun => ({
  type: "run",
  file: "0.jsonl",
  id: "c532e047-b82d-b79e-8986-ed3aa4088d46",
  name: "one",
  labels: [],
  parameters: {},
  notes: "",
  from: "TensorBoard",
  source: "runs/one",
  startedAt: 1_700_000_000,
  endedAt: null,
  points: 1,
  metrics: [],
  metricCount: 2,
  bytes: 10,
  problems: [],
  ...change,
});

test("each run is one row, the newest first, with what is known of it", () => {
  const other = run({
    id: "d532e047-b82d-b79e-8986-ed3aa4088d46",
    name: "a name\nof two lines",
    startedAt: 1_800_000_000,
    problems: ["events.out.tfevents.1 is cut off at byte 7"],
  });
  const rows = importRows([run({}), other, run({ source: "copy/one" })], new Map([[run({}).id, 12]]));
  expect(rows.map(({ label, experimentId }) => [label, experimentId])).toEqual([
    ["a name", null],
    ["one", 12],
  ]);
  expect(rows[0]?.detail).toBe(
    "runs/one · 1 point of 2 metrics · events.out.tfevents.1 is cut off at byte 7",
  );
  expect(rows[1]?.description).toMatch(/^TensorBoard · .* · already imported as #12$/);
});
