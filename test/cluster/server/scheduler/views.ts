/** Views of a pool, with what a test cares about in place of the defaults. */
import type {
  ExperimentShare,
  OfferedSlot,
  PoolView,
  QueuedTrial,
  UserShare,
} from "../../../../src/cluster/server/scheduler/view.ts";

export const MINUTE_MS = 60_000;

/** `"1.2"`: experiment 1's second trial. What runs holds slots, in the order of the trials. */
export function waiting(id: string, slots = 1, more: Partial<QueuedTrial> = {}): QueuedTrial {
  const [experimentId = 1, number = 1] = id.split(".").map(Number);
  return {
    id,
    experimentId,
    slots,
    state: "waiting",
    slotIds: [],
    place: experimentId * 1000 + number,
    waitedMs: 0,
    needMs: 10 * MINUTE_MS,
    isNeedKnown: false,
    isPreemptible: false,
    isProven: true,
    moveCostMs: MINUTE_MS / 2,
    ...more,
  };
}
export const running = (id: string, slots = 1, more: Partial<QueuedTrial> = {}): QueuedTrial =>
  waiting(id, slots, { state: "running", isPreemptible: true, isNeedKnown: true, ...more });

export interface Scene {
  slots: number;
  trials: QueuedTrial[];
  experiments?: Record<number, Partial<ExperimentShare>>;
  users?: Record<string, Partial<UserShare>>;
  /** Slots that somebody else holds. */
  foreign?: number;
  typicalMs?: number;
}

export function view({ slots: count, trials, experiments, users, foreign = 0, typicalMs }: Scene): PoolView {
  const ids = Array.from({ length: count }, (_, index) => `cuda:${index}`);
  let next = foreign;
  const placed = trials.map((trial) =>
    trial.state === "waiting" ? trial : { ...trial, slotIds: ids.slice(next, (next += trial.slots)) },
  );
  const slots = ids.map((id, index): OfferedSlot => {
    const state = index < foreign ? "foreign" : index < next ? "held" : "free";
    const detail = state === "free" ? null : `held by ${index < foreign ? "alice" : "a trial"}`;
    const trialId = state === "held" ? "9.9" : null;
    return { id, kind: "cuda", index, state, detail, trialId, usable: state === "free" };
  });
  return {
    slots,
    trials: placed,
    experiments: new Map(
      trials.map(({ experimentId }) => [
        experimentId,
        {
          user: "one",
          priority: 42,
          weight: 1,
          maxSlots: null,
          recentSlots: 0,
          ...experiments?.[experimentId],
        },
      ]),
    ),
    users: new Map(
      Object.entries(users ?? {}).map(([name, share]) => [
        name,
        { weight: 1, maxSlots: null, recentSlots: 0, ...share },
      ]),
    ),
    typicalMs: typicalMs ?? 10 * MINUTE_MS,
    isTypicalKnown: typicalMs !== undefined,
  };
}
