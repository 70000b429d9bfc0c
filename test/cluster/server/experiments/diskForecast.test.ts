import fc from "fast-check";
import { expect, test } from "vitest";
import { forecastWarning, fullAt } from "../../../../src/cluster/server/experiments/diskForecast.ts";

const HOUR = 3_600_000;
const every = (ms: number, bytes: number, count = 3) =>
  Array.from({ length: count }, (_, index) => ({ createdAt: index * ms, bytes }));

test("a disk that lasts is no warning; one that does not is full when the rate says", () => {
  const trial = { experimentId: 1, checkpoints: every(HOUR, 10e9), remainingMs: 5 * HOUR };
  expect(fullAt({ now: 0, freeBytes: 51e9, trials: [trial] })).toBeNull();
  expect(fullAt({ now: 0, freeBytes: 20e9, trials: [trial] })).toBeCloseTo(2 * HOUR);
  const shorter = { ...trial, remainingMs: HOUR };
  // 20 GB in the first hour, then 10 GB an hour.
  expect(fullAt({ now: 0, freeBytes: 40e9, trials: [trial, shorter] })).toBeCloseTo(3 * HOUR);
});

test("one checkpoint, or one moment, tells no rate", () => {
  const none = { experimentId: 1, remainingMs: null };
  expect(
    fullAt({ now: 0, freeBytes: 1, trials: [{ ...none, checkpoints: every(HOUR, 1e9, 1) }] }),
  ).toBeNull();
  expect(fullAt({ now: 0, freeBytes: 1, trials: [{ ...none, checkpoints: every(0, 1e9) }] })).toBeNull();
});

test("it names the biggest experiments and what gives space back", () => {
  const trials = [{ experimentId: 4, checkpoints: every(HOUR, 10e9), remainingMs: null }];
  const experiments = [1, 2, 3, 4].map((id) => ({ id, bytes: id * 2 ** 30 }));
  expect(forecastWarning({ now: 0, freeBytes: 30e9, trials, experiments })).toBe(
    "The disk of the pool will be full in about 3 h, before what runs has ended, if checkpoints are written as they are now. Most is taken by experiment 4 (4.0 GiB), experiment 3 (3.0 GiB) and experiment 2 (2.0 GiB): `trainyard checkpoints collect`, or Free Space in the editor, shows what can go.",
  );
});

test("what the trials write until then is what was free, whatever they are", () => {
  const trial = fc.record({
    everyMs: fc.integer({ min: 1000, max: HOUR }),
    bytes: fc.integer({ min: 1, max: 1e10 }),
    remainingMs: fc.integer({ min: 1, max: 10 * HOUR }),
  });
  fc.assert(
    fc.property(fc.array(trial, { maxLength: 5 }), fc.integer({ min: 1, max: 1e12 }), (given, freeBytes) => {
      const trials = given.map(({ everyMs, bytes, remainingMs }) => ({
        experimentId: 1,
        checkpoints: every(everyMs, bytes),
        remainingMs,
      }));
      const at = fullAt({ now: 0, freeBytes, trials });
      const writtenBy = (ms: number) =>
        given.reduce((sum, each) => sum + (each.bytes / each.everyMs) * Math.min(ms, each.remainingMs), 0);
      if (at === null) expect(writtenBy(Infinity)).toBeLessThanOrEqual(freeBytes * 1.000001);
      else expect(writtenBy(at) / freeBytes).toBeCloseTo(1, 5);
    }),
  );
});
