import fc from "fast-check";
import { expect, test } from "vitest";
import { createCurveLimit } from "../../../../src/cluster/server/experiments/curveLimit.ts";
import type { RunReport } from "../../../../src/cluster/server/ports.ts";

const report = (rank: number, values: Record<string, number>, group = "training"): RunReport => ({
  runId: "1.1.1",
  events: [{ rank, writer: "w", event: { type: "metrics", seq: 1, t: 0, group, step: 0, values } }],
  skippedLines: 0,
  sources: [],
});
const valuesOf = ({ events }: RunReport) =>
  events.flatMap(({ event }) => (event.type === "metrics" ? [event.values] : []));

test("names beyond the limit are left out and counted; those before stay, whatever comes", () => {
  const limit = createCurveLimit({ list: () => [] }, 3);
  expect(limit.within("1.1", report(0, { a: 1, b: 2 })).leftOut).toBe(0);
  const second = limit.within("1.1", report(0, { b: 3, c: 4, d: 5, e: 6 }));
  expect([valuesOf(second.report), second.leftOut]).toEqual([[{ b: 3, c: 4 }], 2]);
  expect(limit.within("1.1", report(1, { a: 1 })).leftOut).toBe(1); // another rank is another curve
  expect(limit.within("1.2", report(1, { a: 1 })).leftOut).toBe(0); // another trial has its own
});

test("curves that there are count after a restart", () => {
  const known = {
    trialId: "1.1",
    group: "training",
    rank: 0,
    count: 1,
    revision: 0,
    lastStep: 0,
    lastValue: 0,
    lastAt: 0,
  };
  const limit = createCurveLimit({ list: () => ["a", "b"].map((name) => ({ ...known, name })) }, 2);
  const { report: kept, leftOut } = limit.within("1.1", report(0, { a: 1, c: 1 }));
  expect([valuesOf(kept), leftOut]).toEqual([[{ a: 1 }], 1]);
});

test("never more curves than the limit, and no value of an admitted one is lost", () => {
  const values = fc.dictionary(fc.constantFrom(..."abcdefghij"), fc.integer());
  const given = fc.array(
    fc.record({ rank: fc.integer({ min: 0, max: 2 }), values, group: fc.constantFrom("training", "x") }),
  );
  fc.assert(
    fc.property(given, (reports) => {
      const limit = createCurveLimit({ list: () => [] }, 7);
      const admitted = new Set<string>();
      for (const each of reports) {
        const { report: kept, leftOut } = limit.within("1.1", report(each.rank, each.values, each.group));
        const names = Object.keys(valuesOf(kept)[0] ?? {});
        expect(names.length + leftOut).toBe(Object.keys(each.values).length);
        for (const name of Object.keys(each.values))
          if (admitted.has(`${each.rank} ${each.group} ${name}`)) expect(names).toContain(name);
        for (const name of names) admitted.add(`${each.rank} ${each.group} ${name}`);
      }
      expect(admitted.size).toBeLessThanOrEqual(7);
    }),
  );
});
