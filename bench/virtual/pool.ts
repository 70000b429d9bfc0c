/**
 * A pool on a virtual clock, with the scheduler that real pools have: trials come, train, report how far they are, give their
 * slots back and go on, and end. Everything else (the length of a trial, say) is hidden from the scheduler, as it is in life.
 */
import { needOf, typicalOf } from "../../src/cluster/server/scheduler/estimates.ts";
import { plan } from "../../src/cluster/server/scheduler/plan.ts";
import { useAfter, type Use } from "../../src/cluster/server/scheduler/use.ts";
import type {
  ExperimentShare,
  OfferedSlot,
  PoolView,
  QueuedTrial,
  UserShare,
} from "../../src/cluster/server/scheduler/view.ts";

export interface VirtualTrial {
  id: string;
  experimentId: number;
  slots: number;
  arrivesMs: number;
  /** Training until it ends, by itself. */
  lengthMs: number;
  /** 0 to 1, as it reports it after so much training. */
  fractionAt(trainedMs: number): number;
}

export interface VirtualOptions {
  slots: number;
  reportEveryMs: number;
  /** Slots are held for so long, without training, whenever a trial goes on that has run before. */
  moveCostMs: number;
  experiments?: ReadonlyMap<number, ExperimentShare>;
  users?: ReadonlyMap<string, UserShare>;
  isPreemptible?(trial: VirtualTrial): boolean;
  decide?: typeof plan;
  /** After each decision, with what it was taken on. */
  onDecision?(now: number, view: PoolView, made: ReturnType<typeof plan>): void;
}

export interface Outcome {
  trial: VirtualTrial;
  startedMs: number;
  endedMs: number;
  moves: number;
}

interface Live {
  trial: VirtualTrial;
  place: number;
  slotIds: string[];
  trainedMs: number;
  /** Time on its slots before this run. */
  heldMs: number;
  since: number;
  waitedMs: number;
  restoringMs: number;
  told: { fraction: number; ranMs: number } | null;
  nextReportMs: number;
  starts: number;
  startedMs: number;
}

const ALONE: ExperimentShare = { user: "one", priority: 42, weight: 1, maxSlots: null, recentSlots: 0 };

/** Runs all trials to their ends. @returns how it went, in the order of the trials */
export function runVirtually(trials: readonly VirtualTrial[], options: VirtualOptions): Outcome[] {
  const { reportEveryMs, moveCostMs, users = new Map(), decide = plan } = options;
  const slotIds = Array.from({ length: options.slots }, (_, index) => `cuda:${index}`);
  const coming = trials
    .map((trial, place) => ({ trial, place }))
    .sort((a, b) => a.trial.arrivesMs - b.trial.arrivesMs);
  const live = new Map<string, Live>();
  const outcomes = new Map<string, Outcome>();
  const lengths: number[] = [];
  const use = new Map<number, Use>();
  let now = 0;

  const isRunning = ({ slotIds }: Live) => slotIds.length > 0;
  const ranMs = (each: Live) => each.heldMs + (isRunning(each) ? now - each.since : 0);

  function viewNow(): PoolView {
    const typicalMs = typicalOf(lengths);
    const holders = new Map(
      [...live.values()].flatMap((each) => each.slotIds.map((id) => [id, each.trial.id] as const)),
    );
    const slots = slotIds.map((id, index): OfferedSlot => {
      const trialId = holders.get(id) ?? null;
      const isFree = trialId === null;
      return {
        id,
        kind: "cuda",
        index,
        state: isFree ? "free" : "held",
        detail: null,
        trialId,
        usable: isFree,
      };
    });
    const queued = [...live.values()].map((each): QueuedTrial => {
      const { trial, told } = each;
      const progress = { ranMs: ranMs(each), fraction: told?.fraction ?? null, ranMsThen: told?.ranMs ?? 0 };
      return {
        id: trial.id,
        experimentId: trial.experimentId,
        slots: trial.slots,
        state: isRunning(each) ? "running" : "waiting",
        slotIds: each.slotIds,
        place: each.place,
        waitedMs: each.waitedMs + (isRunning(each) ? 0 : now - each.since),
        needMs: needOf(progress, typicalMs) + (!isRunning(each) && each.starts > 0 ? moveCostMs : 0),
        isNeedKnown: told !== null,
        isPreemptible: options.isPreemptible?.(trial) ?? true,
        moveCostMs,
      };
    });
    const experiments = new Map(
      [...new Set(queued.map(({ experimentId }) => experimentId))].map((id) => [
        id,
        { ...ALONE, ...options.experiments?.get(id), recentSlots: use.get(id)?.slots ?? 0 },
      ]),
    );
    return { slots, trials: queued, experiments, users, typicalMs, isTypicalKnown: lengths.length > 0 };
  }

  function start(each: Live, granted: string[]): void {
    each.waitedMs += now - each.since;
    each.since = now;
    each.slotIds = granted;
    each.restoringMs = each.starts > 0 ? moveCostMs : 0;
    if (each.starts === 0) each.startedMs = now;
    each.starts++;
    each.nextReportMs = each.trainedMs + reportEveryMs;
  }

  function leave(each: Live): void {
    each.heldMs += now - each.since;
    each.since = now;
    each.slotIds = [];
  }

  function decideNow(): void {
    for (;;) {
      const view = viewNow();
      const made = decide(view);
      options.onDecision?.(now, view, made);
      for (const id of made.preempts) leave(found(live.get(id)));
      for (const { trialId, slotIds: granted } of made.grants) start(found(live.get(trialId)), granted);
      // What was given back is there at once, and is for those that it was taken for.
      if (made.preempts.length === 0) return;
    }
  }

  /** How long until this one reports or ends, if it runs on. */
  const untilNext = ({ trial, trainedMs, restoringMs, nextReportMs }: Live) =>
    restoringMs + Math.min(nextReportMs, trial.lengthMs) - trainedMs;

  function advance(byMs: number): void {
    const held = new Map<number, number>();
    for (const each of live.values()) {
      if (!isRunning(each)) continue;
      const { experimentId, slots } = each.trial;
      held.set(experimentId, (held.get(experimentId) ?? 0) + slots);
      const restoring = Math.min(each.restoringMs, byMs);
      each.restoringMs -= restoring;
      each.trainedMs += byMs - restoring;
    }
    for (const id of new Set([...use.keys(), ...held.keys()]))
      use.set(id, useAfter(use.get(id) ?? { slots: 0, at: now }, held.get(id) ?? 0, now + byMs));
    now += byMs;
  }

  function happen(each: Live): boolean {
    const { trial, trainedMs } = each;
    if (trainedMs >= trial.lengthMs) {
      lengths.push(ranMs(each));
      outcomes.set(trial.id, { trial, startedMs: each.startedMs, endedMs: now, moves: each.starts - 1 });
      live.delete(trial.id);
      return true;
    }
    if (trainedMs < each.nextReportMs) return false;
    each.nextReportMs += reportEveryMs;
    const fraction = trial.fractionAt(trainedMs);
    if (each.told === null && fraction > 0) lengths.push(ranMs(each) / fraction);
    each.told = { fraction, ranMs: ranMs(each) };
    return true;
  }

  while (coming.length > 0 || live.size > 0) {
    const running = [...live.values()].filter(isRunning);
    const next = Math.min((coming[0]?.trial.arrivesMs ?? Infinity) - now, ...running.map(untilNext));
    if (!Number.isFinite(next)) throw new Error("trials wait, and nothing will ever happen");
    advance(Math.max(0, next));
    let hasNews = running.map(happen).includes(true);
    for (; coming[0] !== undefined && coming[0].trial.arrivesMs <= now; coming.shift(), hasNews = true) {
      const { trial, place } = coming[0];
      live.set(trial.id, {
        trial,
        place,
        slotIds: [],
        trainedMs: 0,
        heldMs: 0,
        since: now,
        waitedMs: 0,
        restoringMs: 0,
        told: null,
        nextReportMs: reportEveryMs,
        starts: 0,
        startedMs: now,
      });
    }
    if (hasNews) decideNow();
  }
  return trials.map(({ id }) => found(outcomes.get(id)));
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the scheduler named a trial that is not there");
  return value;
}
