import { expect, test } from "vitest";
import type { RunOutcome } from "../../../../src/cluster/protocol/entities.ts";
import {
  askedReason,
  inQueueReason,
  retryDelayMs,
  retryReason,
} from "../../../../src/cluster/server/experiments/waiting.ts";

const runs = (...outcomes: RunOutcome[]) => outcomes.map((outcome) => ({ outcome }));

test("each refused start in a row waits twice as long, up to a minute; a run that started begins anew", () => {
  const refusals = Array.from({ length: 8 }, (_, index) =>
    runs(...Array.from({ length: index + 1 }, (): RunOutcome => "unstarted")),
  );
  expect(refusals.map(retryDelayMs)).toEqual([3000, 6000, 12_000, 24_000, 48_000, 60_000, 60_000, 60_000]);
  expect(retryDelayMs(runs("unstarted", "unstarted", "lost"))).toBe(3000);
  expect(retryDelayMs(runs("unstarted", "unstarted", "lost", "unstarted"))).toBe(3000);
});

test("says why and how long it waits before the next start", () => {
  expect(retryReason("leaseRefused", "slot cpu-0 is held by bob.", 6000)).toBe(
    "Its last start did not succeed: slot cpu-0 is held by bob; it waits 6 s before the next.",
  );
  expect(retryReason("runLost", "The run was lost.", 3000)).toBe(
    "Its last run was lost; it waits 3 s before the next.",
  );
});

test("who was asked to leave: what is awaited, and what follows when", () => {
  const spec = { stopAcknowledgeS: 10, stopTermS: 20, preemptionTimeoutS: 3600 };
  expect(askedReason("pausing", "pause", spec)).toBe(
    "Waits for the script to write a checkpoint and leave; after 60 min it is killed, and goes on from its last checkpoint.",
  );
  expect(askedReason("stopping", "stop", { ...spec, preemptionTimeoutS: 90 })).toBe(
    "Waits for the script to leave; without a sign of having understood it is ended after 10 s and killed 20 s later, with one it is killed after 90 s.",
  );
  expect(askedReason("stopping", "kill", spec)).toBe(
    "Waits for the last of its killed processes to be gone.",
  );
  expect(askedReason("pausing", "preempt", spec)).toBe(
    "It was asked to give its slots back: waits for the script to write a checkpoint and leave, then for its turn; after 60 min it is killed, and goes on from its last checkpoint.",
  );
  expect(askedReason("running", null, spec)).toBeNull();
});

test("who gave its slots back says so in the queue", () => {
  expect(inQueueReason("Waits for its turn.", true)).toBe("Preempted. Waits for its turn.");
  expect(inQueueReason("Waits for its turn.", undefined)).toBe("Waits for its turn.");
});
