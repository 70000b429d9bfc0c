/**
 * Who is served before whom. Pure. In this order:
 *
 * 1. the priority, 1 to 99, lower first;
 * 2. who has waited for longer than the bound, in the order of coming: nobody is overtaken for ever;
 * 3. the fair share, of users and then of one user's experiments: who holds fewer slots for its weight, where half of what counts is
 *    what was held lately (use.ts). It counts in whole slots, so that what is nearly fair is left to the next line;
 * 4. the smallest mean completion time: shortest remaining time first, weighed by how many slots that takes and by how long
 *    somebody has waited for it. Highest response ratio next (Brinch Hansen 1971) bounds what shortest-first does to the long;
 *    the remaining time comes from what the trial reports, as in SRSF (Gu et al. 2019, Tiresias, section 3.1), which knew it only
 *    from an oracle.
 *
 * Who runs keeps its slots against who is not clearly better (estimates err), or better by less than the move costs.
 */
import type { PoolView, QueuedTrial, UserShare } from "./view.ts";

/** A wide trial is put back by less than its slots: what it leaves free between others is lost, too. */
const WIDTH = 0.25;
/** What was held lately counts half as much as what is held now. */
const MEMORY = 0.5;
/** Who runs is taken to need this part of what it does. */
const KEEPS = 0.8;

const BOUND_TRIALS = 16;
const SHORTEST_BOUND_MS = 10 * 60_000;
const LONGEST_BOUND_MS = 24 * 60 * 60_000;

/** After having waited for so long, only who came before and has waited as long is served before (within a priority). */
export function waitingBoundMs(typicalMs: number): number {
  return Math.min(LONGEST_BOUND_MS, Math.max(SHORTEST_BOUND_MS, BOUND_TRIALS * typicalMs));
}

export interface Ranked {
  trial: QueuedTrial;
  /** Lines 1 to 3 of the order as one number. */
  rank: number;
  /** Line 4, in milliseconds of remaining time; of who has waited for longer than the bound: the place in the queue. */
  index: number;
}

/** So many tiers of a share are told apart. */
const TIERS = 100_000;

/** @returns all trials that wait or can be preempted, who is served first first */
export function serveOrder(view: PoolView): Ranked[] {
  const boundMs = waitingBoundMs(view.typicalMs);
  const pinned = pinnedSlots(view);
  const byExperiment = Map.groupBy(view.trials.filter(isMovable), ({ experimentId }) => experimentId);
  const shares = [...byExperiment].flatMap(([id, trials]) => {
    const share = view.experiments.get(id);
    return share === undefined ? [] : [{ id, share, trials }];
  });
  const byUser = Map.groupBy(shares, ({ share }) => share.user);
  const userWeight = mean([...byUser.keys()].map((user) => userShare(view, user).weight));
  return [...byUser]
    .flatMap(([user, experiments]) => {
      const weight = mean(experiments.map(({ share }) => share.weight));
      const ranked = experiments.flatMap(({ id, share, trials }) =>
        withTiers(
          trials.map((trial) => rank(trial, share.priority, boundMs)),
          { ...share, weight: share.weight / weight, pinned: pinned.ofExperiment.get(id) ?? 0 },
          1,
        ),
      );
      if (byUser.size === 1) return ranked; // nobody to share with
      const share = userShare(view, user);
      return withTiers(
        ranked,
        { ...share, weight: share.weight / userWeight, pinned: pinned.ofUser.get(user) ?? 0 },
        TIERS,
      );
    })
    .sort(compare);
}

function rank(trial: QueuedTrial, priority: number, boundMs: number): Ranked {
  const isOverdue = trial.waitedMs > boundMs;
  // What nobody has seen go on from its checkpoint gives way to no equal: it might begin again from nothing.
  const stays = trial.state === "running" && !trial.isProven;
  return {
    trial,
    rank: (2 * priority + (isOverdue || stays ? 0 : 1)) * TIERS * TIERS,
    index: stays ? -Infinity : isOverdue ? trial.place : indexOf(trial),
  };
}

/** Who has waited for longer than the bound, or stays, has no part in the shares. */
const hasTiers = ({ rank }: Ranked) => (rank / (TIERS * TIERS)) % 2 >= 1;

function userShare({ users }: PoolView, user: string): UserShare {
  return users.get(user) ?? { weight: 1, maxSlots: null, recentSlots: 0 };
}

export function isMovable(trial: QueuedTrial): boolean {
  return trial.state === "waiting" || canBePreempted(trial);
}

/** Who ends before it would have moved stays. */
export function canBePreempted(trial: QueuedTrial): boolean {
  return trial.state === "running" && trial.isPreemptible && trial.needMs > trial.moveCostMs;
}

/** Lower is served first. In milliseconds of remaining time. */
function indexOf({ slots, needMs, waitedMs, state, moveCostMs }: QueuedTrial): number {
  const need = Math.max(1, needMs);
  const index = (need * need * slots ** WIDTH) / (need + waitedMs);
  return state === "running" ? KEEPS * index - moveCostMs : index;
}

/** Sorted, each ranked by how many slots for its weight those of the same share have that come before it. */
function withTiers(
  ranked: Ranked[],
  share: { weight: number; recentSlots: number; pinned: number },
  unit: 1 | typeof TIERS,
): Ranked[] {
  let before = share.pinned + MEMORY * share.recentSlots;
  ranked.sort(compare);
  for (const each of ranked) {
    const own = Math.floor(before / share.weight) - (each.trial.state === "running" ? 1 : 0);
    if (hasTiers(each)) each.rank += unit * Math.min(TIERS - 1, Math.max(0, own));
    before += each.trial.slots;
  }
  return ranked;
}

const compare = (a: Ranked, b: Ranked) =>
  a.rank - b.rank || a.index - b.index || a.trial.place - b.trial.place;

/** Slots that stay with who holds them, whatever is decided. */
function pinnedSlots({ trials, experiments }: PoolView) {
  const ofExperiment = new Map<number, number>();
  const ofUser = new Map<string, number>();
  for (const trial of trials) {
    if (trial.state !== "running" || isMovable(trial)) continue;
    const user = experiments.get(trial.experimentId)?.user ?? "";
    ofExperiment.set(trial.experimentId, (ofExperiment.get(trial.experimentId) ?? 0) + trial.slots);
    ofUser.set(user, (ofUser.get(user) ?? 0) + trial.slots);
  }
  return { ofExperiment, ofUser };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
