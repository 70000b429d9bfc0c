// One decision of the scheduler with 10,000 trials that wait and 1,000 that run, of 200 experiments and 20 users, on 1,000 slots.
import { plan } from "../src/cluster/server/scheduler/plan.ts";
import type { OfferedSlot, PoolView, QueuedTrial } from "../src/cluster/server/scheduler/view.ts";
import { RandomStream } from "../src/cluster/search/random.ts";
import { quantile, rounded } from "./statistics.mts";

const WAITING = 10_000;
const RUNNING = 1000;
const EXPERIMENTS = 200;
const USERS = 20;
const ROUNDS = 200;
const HOUR_MS = 3_600_000;

function view(random: RandomStream): PoolView {
  const slotIds = Array.from({ length: RUNNING }, (_, index) => `cuda:${index}`);
  const experiments = Array.from({ length: EXPERIMENTS }, (_, index) => ({
    user: `user ${index % USERS}`,
    priority: 40 + random.below(5),
    weight: 1 + random.below(3),
    maxSlots: null,
    recentSlots: random.below(20),
  }));
  return {
    slots: slotIds.map((id, index): OfferedSlot => ({
      id,
      kind: "cuda",
      index,
      state: "held",
      detail: null,
      trialId: "1.1",
      usable: false,
    })),
    trials: Array.from({ length: WAITING + RUNNING }, (_, index): QueuedTrial => {
      const isRunning = index < RUNNING;
      return {
        id: `${1 + (index % EXPERIMENTS)}.${index}`,
        experimentId: 1 + (index % EXPERIMENTS),
        slots: isRunning ? 1 : 1 + random.below(4),
        state: isRunning ? "running" : "waiting",
        slotIds: isRunning ? slotIds.slice(index, index + 1) : [],
        place: index,
        waitedMs: random.below(HOUR_MS),
        needMs: random.below(5 * HOUR_MS),
        isNeedKnown: random.below(2) === 0,
        isPreemptible: random.below(10) > 0,
        isProven: random.below(10) > 0,
        moveCostMs: 30_000,
      };
    }),
    experiments: new Map(experiments.map((share, index) => [index + 1, share])),
    users: new Map(),
    typicalMs: HOUR_MS,
    isTypicalKnown: true,
  };
}

export function run() {
  const random = new RandomStream({ seed: 1, taken: 0 });
  const times = Array.from({ length: ROUNDS }, () => {
    const asked = view(random);
    const begin = performance.now();
    plan(asked);
    return performance.now() - begin;
  });
  return Promise.resolve({
    p50Ms: rounded(quantile(times, 0.5), 2),
    p95Ms: rounded(quantile(times, 0.95), 2),
  });
}
