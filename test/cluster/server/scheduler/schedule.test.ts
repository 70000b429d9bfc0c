import fc from "fast-check";
import { expect, test } from "vitest";
import { schedule, type OfferedSlot } from "../../../../src/cluster/server/scheduler/schedule.ts";

function slot(index: number, more: Partial<OfferedSlot> = {}): OfferedSlot {
  return { id: `cpu:${index}`, kind: "cpu", index, state: "free", detail: null, usable: true, ...more };
}
const held = (index: number, detail: string) => slot(index, { state: "held", detail, usable: false });
const trial = (trialId: string, slotsNeeded: number) => ({ trialId, slotsNeeded });

test("first in, first out: a big trial at the head is not overtaken", () => {
  const { grants, waitReasons } = schedule(
    [trial("1.1", 1), trial("2.1", 2), trial("3.1", 1)],
    [slot(0), slot(1), held(2, "held by trial 9.1")],
  );
  expect(grants).toEqual([{ trialId: "1.1", slotIds: ["cpu:0"] }]);
  expect(waitReasons.get("2.1")).toBe("Waits for 2 slots: 1 of 3 is free.");
  expect(waitReasons.get("3.1")).toBe("Waits for 1 slot: 1 of 3 is free, 1 trial is ahead.");
});

test("a pool of one slot says who holds it", () => {
  const { waitReasons } = schedule([trial("1.1", 1)], [held(0, "held by alice since 10:31")]);
  expect(waitReasons.get("1.1")).toBe("Waits for 1 slot: cpu 0 is held by alice since 10:31.");
});

test("what can never run says so and holds nobody up", () => {
  const { grants, waitReasons } = schedule([trial("1.1", 4), trial("2.1", 1)], [slot(0)]);
  expect(waitReasons.get("1.1")).toBe("Needs 4 slots, this pool has 1: submit with fewer.");
  expect(grants).toEqual([{ trialId: "2.1", slotIds: ["cpu:0"] }]);
});

test("a slot that cannot be used is named", () => {
  const broken = slot(0, { state: "unusable", detail: "nvidia-smi did not answer", usable: false });
  const { waitReasons } = schedule([trial("1.1", 1)], [broken]);
  expect(waitReasons.get("1.1")).toBe("Needs 1 slot, but cpu 0 cannot be used: nvidia-smi did not answer.");
});

test("a trial without slots starts at once, behind whatever", () => {
  const { grants } = schedule([trial("1.1", 1), trial("2.1", 0)], [held(0, "held by trial 9.1")]);
  expect(grants).toEqual([{ trialId: "2.1", slotIds: [] }]);
});

test("whatever the queue and the slots: no slot twice, whole gangs, a sentence for everyone else", () => {
  const state = fc.constantFrom<OfferedSlot["state"]>("free", "held", "foreign", "unusable");
  fc.assert(
    fc.property(
      fc.array(fc.nat(5), { maxLength: 20 }),
      fc.array(state, { maxLength: 8 }),
      (needs, states) => {
        const slots = states.map((s, index) => slot(index, { state: s, usable: s === "free", detail: "x" }));
        const { grants, waitReasons } = schedule(
          needs.map((needed, index) => trial(`${index}.1`, needed)),
          slots,
        );
        const used = grants.flatMap(({ slotIds }) => slotIds);
        expect(new Set(used).size).toBe(used.length);
        for (const id of used) expect(slots.find((s) => s.id === id)?.state).toBe("free");
        for (const { trialId, slotIds } of grants)
          expect(slotIds).toHaveLength(needs[Number(trialId.split(".")[0])] ?? -1);
        expect(grants.length + waitReasons.size).toBe(needs.length);
        for (const reason of waitReasons.values()) expect(reason).toMatch(/^(Waits|Needs) .+\.$/);
      },
    ),
  );
});
