import fc from "fast-check";
import { expect, test } from "vitest";
import { runVirtually, type VirtualTrial } from "../../../../bench/virtual/pool.ts";
import { waitingBoundMs } from "../../../../src/cluster/server/scheduler/order.ts";
import { MINUTE_MS } from "./views.ts";

const SLOTS = 4;
const workload = fc
  .array(
    fc.record({
      slots: fc.integer({ min: 1, max: SLOTS }),
      arrivesMs: fc.integer({ min: 0, max: 300 * MINUTE_MS }),
      lengthMs: fc.integer({ min: 1000, max: 60 * MINUTE_MS }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((trials) => trials.sort((a, b) => a.arrivesMs - b.arrivesMs))
  .map((trials) =>
    trials.map((trial, index): VirtualTrial => ({
      ...trial,
      id: String(index),
      experimentId: index + 1,
      fractionAt: (trainedMs) => trainedMs / trial.lengthMs,
    })),
  );
const OPTIONS = { slots: SLOTS, reportEveryMs: MINUTE_MS, moveCostMs: MINUTE_MS / 2 };

test("the bound on waiting: it, and the time of those who came before", () => {
  fc.assert(
    fc.property(workload, (trials) => {
      let longestBoundMs = 0;
      const outcomes = runVirtually(trials, {
        ...OPTIONS,
        onDecision: (_now, { typicalMs }) => {
          longestBoundMs = Math.max(longestBoundMs, waitingBoundMs(typicalMs));
        },
      });
      let beforeMs = 0;
      for (const { trial, endedMs, moves } of outcomes) {
        const heldMs = trial.lengthMs + moves * OPTIONS.moveCostMs;
        const waitedMs = endedMs - trial.arrivesMs - heldMs;
        expect(waitedMs).toBeLessThanOrEqual(longestBoundMs + beforeMs + 1);
        beforeMs += heldMs;
      }
    }),
    { numRuns: 200 },
  );
});

test("everything ends, nothing is moved without end, and the pool never holds more than it has", () => {
  fc.assert(
    fc.property(workload, fc.nat(), (trials, odd) => {
      const outcomes = runVirtually(trials, {
        ...OPTIONS,
        isPreemptible: ({ id }) => (Number(id) + odd) % 3 > 0,
        onDecision: (_now, { trials: seen }, { grants }) => {
          const held = new Set(seen.flatMap(({ slotIds }) => slotIds));
          for (const id of grants.flatMap(({ slotIds }) => slotIds)) expect(held.has(id)).toBe(false);
        },
      });
      expect(outcomes).toHaveLength(trials.length);
      const moves = outcomes.reduce((sum, each) => sum + each.moves, 0);
      expect(moves).toBeLessThanOrEqual(trials.length * trials.length);
    }),
    { numRuns: 200 },
  );
});

test("a trial that cannot be moved is never asked", () => {
  fc.assert(
    fc.property(workload, (trials) => {
      const outcomes = runVirtually(trials, { ...OPTIONS, isPreemptible: () => false });
      expect(outcomes.every(({ moves }) => moves === 0)).toBe(true);
    }),
    { numRuns: 50 },
  );
});
