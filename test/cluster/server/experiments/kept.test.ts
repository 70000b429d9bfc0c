import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Checkpoint } from "../../../../src/cluster/protocol/entities.ts";
import { keptOf } from "../../../../src/cluster/server/experiments/kept.ts";

const METRIC = { group: "validation", name: "loss", smallerIsBetter: true };

function checkpoint(uuid: string, trial: number, step: number, loss?: number, pinned = false): Checkpoint {
  return {
    uuid,
    experimentId: 1,
    trialId: `1.${trial}`,
    runId: `1.${trial}.1`,
    step,
    createdAt: step,
    bytes: 10,
    files: 1,
    metrics: loss === undefined ? {} : { "validation/loss": loss },
    metadata: {},
    pinned,
  };
}

const policy = (experimentBest: number, trialBest: number, trialLatest: number) => ({
  experimentBest,
  trialBest,
  trialLatest,
});
const kept = (
  checkpoints: Checkpoint[],
  of: ReturnType<typeof policy>,
  needed: string[] = [],
  metric = METRIC,
) => [...keptOf({ checkpoints, metric, policy: of, needed: new Set(needed) })].sort();

describe("what is kept of checkpoints", () => {
  const all = [
    checkpoint("a1", 1, 1, 0.5),
    checkpoint("a2", 1, 2, 0.1),
    checkpoint("a3", 1, 3, 0.3),
    checkpoint("b1", 2, 1, 0.9),
    checkpoint("b2", 2, 2),
  ];

  it("is the union of the best of the experiment, and the best and the newest of each trial", () => {
    expect(kept(all, policy(0, 1, 1))).toEqual(["a2", "a3", "b1", "b2"]);
    expect(kept(all, policy(1, 0, 0))).toEqual(["a2"]);
    expect(kept(all, policy(2, 0, 0))).toEqual(["a2", "a3"]);
    expect(kept(all, policy(0, 0, 1))).toEqual(["a3", "b2"]);
    expect(kept(all, policy(0, 0, 0))).toEqual([]);
    expect(kept(all, policy(1, 0, 0), [], { ...METRIC, smallerIsBetter: false })).toEqual(["b1"]);
  });

  it("holds what is pinned and what somebody goes on from, whatever it is worth", () => {
    expect(kept([...all, checkpoint("c1", 3, 1, 9, true)], policy(0, 0, 0), ["b1"])).toEqual(["b1", "c1"]);
  });

  it("never grows smaller with a more generous policy, and has as many as were asked for where there are", () => {
    const one = fc.record({
      trial: fc.integer({ min: 1, max: 4 }),
      step: fc.nat(20),
      loss: fc.option(fc.double()),
    });
    const count = fc.nat(4);
    fc.assert(
      fc.property(fc.array(one, { maxLength: 40 }), count, count, count, (made, best, trialBest, latest) => {
        const some = made.map(({ trial, step, loss }, index) =>
          checkpoint(`c${index}`, trial, step, loss ?? undefined),
        );
        const small = keptOf({
          checkpoints: some,
          metric: METRIC,
          policy: policy(best, trialBest, latest),
          needed: new Set(),
        });
        const large = keptOf({
          checkpoints: some,
          metric: METRIC,
          policy: policy(best + 1, trialBest + 1, latest + 1),
          needed: new Set(),
        });
        for (const uuid of small) expect(large.has(uuid)).toBe(true);
        for (const of of Map.groupBy(some, ({ trialId }) => trialId).values())
          expect(of.filter(({ uuid }) => small.has(uuid)).length).toBeGreaterThanOrEqual(
            Math.min(of.length, Math.max(trialBest, latest)),
          );
        expect(small.size).toBeGreaterThanOrEqual(Math.min(some.length, best));
      }),
    );
  });
});
