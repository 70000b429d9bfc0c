/** The slots of a host without accelerators: as many CPU slots as asked for, else one. */
import type { Slot } from "../protocol/entities.ts";
import type { SlotSource } from "./ports.ts";

export function createCpuSlots(count: number): SlotSource {
  const slots = Array.from({ length: count }, (_, index): Slot => ({
    id: `cpu:${index}`,
    kind: "cpu",
    index,
    lease: `cpu-${index}`,
    name: `CPU slot ${index}`,
    memoryBytes: null,
    usedMemoryBytes: null,
    utilisation: null,
    state: "free",
    detail: null,
    trialId: null,
  }));
  return { slots: () => Promise.resolve(slots) };
}
