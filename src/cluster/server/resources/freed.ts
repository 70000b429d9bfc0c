/** Whether a GPU that a run has left is really free: its lease is free when the processes are gone, its memory may not be. */
import type { Device } from "./device.ts";
import type { Lease } from "./leases.ts";

/** A desktop's windows come and go, too; a training leaves more than this, or its successor has room for it. */
const TOLERATED_SHARE = 0.05;
const TOLERATED_BYTES = 512 * 2 ** 20;
const GIBIBYTE = 2 ** 30;

/** `isOld`: it was described before the run left it, so it has to be asked anew. */
export type Verdict = { kind: "free" } | { kind: "occupied"; reason: string; isOld: boolean };

interface Memory {
  /** Used when nobody of ours had it; null when it was never seen like that. */
  idleBytes: number | null;
  /** Who had it last, until its memory was seen to be back. */
  left: { run: string | null; atMs: number } | null;
}

export type FreedCheck = (device: Device, lease: Lease | null, askedAtMs: number) => Verdict;

/** @returns a function to be called with every reading of a device; `askedAtMs` is when its tool was asked */
export function createFreedCheck(): FreedCheck {
  const memories = new Map<string, Memory>();
  return (device, lease, askedAtMs) => {
    const { slot, usedMemoryBytes: used, memoryBytes: total, processes, problem } = device;
    if (slot.kind !== "cuda" && slot.kind !== "rocm") return { kind: "free" };
    const memory = memories.get(slot.id) ?? { idleBytes: null, left: null };
    memories.set(slot.id, memory);
    if (lease !== null) {
      memory.left = { run: lease.holder?.run ?? null, atMs: Date.now() };
      return { kind: "free" };
    }
    if (memory.left !== null) {
      const who = memory.left.run === null ? "its last run" : `run ${memory.left.run}`;
      const occupied = (what: string, isOld: boolean): Verdict => ({
        kind: "occupied",
        reason: `not free yet: ${what} since ${who} ended`,
        isOld,
      });
      if (askedAtMs <= memory.left.atMs) return occupied("its memory was not looked at", true);
      if (problem !== null || processes.length > 0) return { kind: "free" }; // which is said in its own words
      const more = used === null || memory.idleBytes === null ? 0 : used - memory.idleBytes;
      if (more > Math.max(TOLERATED_BYTES, (total ?? 0) * TOLERATED_SHARE))
        return occupied(
          `${(more / GIBIBYTE).toFixed(1)} GiB of its memory did not come back, and no process is named that has it,`,
          false,
        );
      memory.left = null;
    }
    if (processes.length === 0 && used !== null) memory.idleBytes = used;
    return { kind: "free" };
  };
}
