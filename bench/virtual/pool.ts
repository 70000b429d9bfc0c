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
  onReport?(trial: VirtualTrial, trainedMs: number): void;
  onEnd?(trial: VirtualTrial, how: "completed" | "stopped"): void;
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
  const pool = createVirtualPool(options);
  for (const trial of trials) pool.add(trial);
  const byId = new Map(pool.run().map((outcome) => [outcome.trial.id, outcome]));
  return trials.map(({ id }) => found(byId.get(id)));
}

/** A pool that trials can be added to, and stopped in, while it runs. */
export function createVirtualPool(options: VirtualOptions) {
  const { reportEveryMs, moveCostMs, users = new Map(), decide = plan } = options;
  const slotIds = Array.from({ length: options.slots }, (_, index) => `cuda:${index}`);
  const coming: { trial: VirtualTrial; place: number }[] = [];
  const live = new Map<string, Live>();
  const outcomes: Outcome[] = [];
  const lengths: number[] = [];
  const use = new Map<number, Use>();
  let now = 0;
  let added = 0;

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
        isProven: true,
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

  function end(each: Live, how: "completed" | "stopped"): void {
    const { trial, startedMs, starts } = each;
    if (how === "completed") lengths.push(ranMs(each));
    outcomes.push({ trial, startedMs, endedMs: now, moves: Math.max(0, starts - 1) });
    live.delete(trial.id);
    options.onEnd?.(trial, how);
  }

  function happen(each: Live): boolean {
    const { trial, trainedMs } = each;
    const isOver = trainedMs >= trial.lengthMs;
    if (!live.has(trial.id) || (!isOver && trainedMs < each.nextReportMs)) return false;
    if (trainedMs >= each.nextReportMs) report(each);
    if (isOver && live.has(trial.id)) end(each, "completed");
    return true;
  }

  function report(each: Live): void {
    const { trial, trainedMs } = each;
    each.nextReportMs += reportEveryMs;
    const fraction = trial.fractionAt(trainedMs);
    if (each.told === null && fraction > 0) lengths.push(ranMs(each) / fraction);
    each.told = { fraction, ranMs: ranMs(each) };
    options.onReport?.(trial, trainedMs);
  }

  function arrive(): boolean {
    coming.sort((a, b) => a.trial.arrivesMs - b.trial.arrivesMs);
    let hasNews = false;
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
    return hasNews;
  }

  return {
    add(trial: VirtualTrial): void {
      coming.push({ trial, place: added++ });
    },
    now: () => now,
    stop(id: string): void {
      const each = live.get(id);
      if (each !== undefined) end(each, "stopped");
    },
    /** Until nothing is left to do. @returns how it went, in the order of the ends */
    run(): Outcome[] {
      if (arrive()) decideNow();
      while (coming.length > 0 || live.size > 0) {
        const running = [...live.values()].filter(isRunning);
        const next = Math.min((coming[0]?.trial.arrivesMs ?? Infinity) - now, ...running.map(untilNext));
        if (!Number.isFinite(next)) throw new Error("trials wait, and nothing will ever happen");
        advance(Math.max(0, next));
        const hasHappened = running.map(happen).includes(true);
        if (arrive() || hasHappened) decideNow();
      }
      return outcomes;
    },
  };
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the scheduler named a trial that is not there");
  return value;
}
