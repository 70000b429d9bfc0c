import { expect, test } from "vitest";
import { plan } from "../../../../src/cluster/server/scheduler/plan.ts";
import { waitReasons } from "../../../../src/cluster/server/scheduler/reasons.ts";
import { running, view, waiting, type Scene } from "./views.ts";

/** @param wanted the trial that is asked about */
function reason(scene: Scene, wanted: string): string | undefined {
  const asked = view(scene);
  return waitReasons(asked, plan(asked)).get(wanted);
}
const pinned = (id: string, slots = 1) => running(id, slots, { isPreemptible: false });

test("says what it waits for, what is free, and how many are ahead", () => {
  const trials = [pinned("9.1"), pinned("9.2"), waiting("1.1", 2), waiting("2.1", 2)];
  expect(reason({ slots: 3, trials }, "1.1")).toBe("Waits for 2 slots: 1 of 3 is free.");
  expect(reason({ slots: 3, trials }, "2.1")).toBe("Waits for 2 slots: 1 of 3 is free, 1 trial is ahead.");
});

test("counts those ahead roughly when they are many, so that the sentence stays", () => {
  const trials = [pinned("9.1"), ...Array.from({ length: 300 }, (_, index) => waiting(`1.${index + 1}`))];
  expect(reason({ slots: 2, trials }, "1.300")).toBe(
    "Waits for 1 slot: 0 of 2 are free, more than 100 trials are ahead.",
  );
});

test("a pool of one slot says who holds it", () => {
  const asked = view({ slots: 1, foreign: 1, trials: [waiting("1.1")] });
  expect(waitReasons(asked, plan(asked)).get("1.1")).toBe("Waits for 1 slot: gpu 0 is held by alice.");
});

test("what can never run says so", () => {
  expect(reason({ slots: 1, trials: [waiting("1.1", 4)] }, "1.1")).toBe(
    "Needs 4 slots, this pool has 1: submit with fewer.",
  );
});

test("a slot that cannot be used is named", () => {
  const asked = view({ slots: 1, trials: [waiting("1.1")] });
  const slots = asked.slots.map((slot) => ({
    ...slot,
    state: "unusable" as const,
    detail: "nvidia-smi did not answer",
    usable: false,
  }));
  const broken = { ...asked, slots };
  expect(waitReasons(broken, plan(broken)).get("1.1")).toBe(
    "Needs 1 slot, but gpu 0 cannot be used: nvidia-smi did not answer.",
  );
});

test("a limit, a slot that is given back, and a slot that is kept are said", () => {
  const limited = { slots: 2, trials: [pinned("1.1"), waiting("1.2")], experiments: { 1: { maxSlots: 1 } } };
  expect(reason(limited, "1.2")).toBe("Waits: its experiment may hold 1 slot at once (max_slots).");
  const urgent = { slots: 1, trials: [running("2.1"), waiting("1.1")], experiments: { 1: { priority: 1 } } };
  expect(reason(urgent, "1.1")).toBe("Its turn: waits for trial 2.1 to give 1 slot back.");
  const kept = {
    slots: 2,
    trials: [pinned("9.1"), waiting("1.1", 2), waiting("2.1")],
    experiments: { 1: { priority: 1 } },
  };
  expect(reason(kept, "2.1")).toBe(
    "Waits for 1 slot: 1 of 2 is free, but kept for trial 1.1, which needs 2 and would start later.",
  );
});
