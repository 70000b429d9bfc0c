/** Pools to look at: `8x3` has 8 slots, and 3 trials wait. */
import type { Slot } from "../../../src/cluster/protocol/entities.ts";
import type { PoolSnapshot } from "../../../src/webviews/contract/pool.ts";

const MINUTE_MS = 60_000;
const RUN_MINUTES = 47;

const FULL =
  "The disk of the pool is full: 0 B free. Nothing new is started until there is room: `trainyard checkpoints collect`, or Free Space in the editor, shows what can go.";

export function poolScenario(size: string): PoolSnapshot {
  const [slotCount = 8, waitingCount = 3] = size.split("x").map(Number);
  const at = Date.now();
  const slots = Array.from({ length: slotCount }, (_, index): Slot => ({
    id: `GPU-${index}`,
    kind: "cuda",
    index,
    lease: `gpu-${index}`,
    name: "NVIDIA H200",
    memoryBytes: 8e10,
    usedMemoryBytes: 4e10,
    utilisation: (index * 37) % 101,
    state: "held",
    detail: `Trial ${index + 1}.1`,
    trialId: `${index + 1}.1`,
  }));
  const others = slots.at(-1);
  if (others !== undefined && slots.length > 2)
    Object.assign(others, {
      trialId: null,
      detail: "held by alice (run 7.1.1, process 4711)",
      holder: { account: "alice", run: "7.1.1", pid: 4711, since: at - 7_200_000, silentSince: at - 900_000 },
    });
  const spans = slots.flatMap(({ id }, slot) =>
    Array.from({ length: 5 }, (_, run) => {
      const experimentId = slot + 1 + run * 3;
      const from = at - ((run + 1) * RUN_MINUTES - slot * 3) * MINUTE_MS;
      return {
        slotId: id,
        runId: `${experimentId}.1.1`,
        trialId: `${experimentId}.1`,
        experimentId,
        from,
        to: run === 0 ? null : from + (RUN_MINUTES - 5) * MINUTE_MS,
      };
    }),
  );
  const waiting = Array.from({ length: waitingCount }, (_, index) => ({
    trialId: `99.${index + 1}`,
    experimentId: 99,
    place: index + 1,
    slots: 1,
    reason: `Waits for 1 slot: all ${slotCount} are held, and ${index} trials are ahead.`,
    startsIn: index < 50 ? { fromMs: (index + 1) * 5 * MINUTE_MS, toMs: (index + 1) * 9 * MINUTE_MS } : null,
    change:
      index === 0
        ? {
            type: "priority" as const,
            text: "Set Priority 41",
            experimentId: 99,
            priority: 41,
            preempts: ["1.1"],
          }
        : null,
  }));
  return {
    connection: { state: "connected", pool: "This Machine", detail: null },
    at,
    slots,
    waiting,
    spans,
    use: [],
    disk: waitingCount > 9 ? FULL : null,
    names: { 1: "digits-cnn", 99: "search" },
  };
}
