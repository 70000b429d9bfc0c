/** The pool as the scheduler sees it: what the records say of every trial that waits or holds slots. */
import type { Slot, TrialState } from "../../protocol/entities.ts";
import { MOVE_COST_MS, needOf, typicalOf } from "../scheduler/estimates.ts";
import { HALF_LIFE_MS, useAfter, useOf, type Use } from "../scheduler/use.ts";
import type { ExperimentShare, PoolView, QueuedTrial } from "../scheduler/view.ts";
import type { ExperimentRecord, TrialRecord } from "../store/records.ts";
import type { Context } from "./context.ts";
import { timeAt, timeSince } from "./trialTime.ts";

/** Trials that the typical lengths are known from. */
const REMEMBERED = 200;
/** What was held before that is forgotten but for a hundredth. */
const REMEMBERED_MS = 7 * HALF_LIFE_MS;

export type QueueView = ReturnType<typeof createQueueView>;

export function createQueueView({ store }: Context) {
  const use = recentUse();
  let completed: { count: number; lengths: ReturnType<typeof store.completedLengths> } = {
    count: 0,
    lengths: [],
  };

  function completedLengths(): typeof completed.lengths {
    const count = store.trialCount("completed");
    if (count !== completed.count) completed = { count, lengths: store.completedLengths(REMEMBERED) };
    return completed.lengths;
  }

  /** What each experiment held lately, from all the runs that there are. */
  function recentUse(): Map<number, Use> {
    const now = Date.now();
    const runs = store.runsSince(now - REMEMBERED_MS).flatMap(({ trialId, slots, startedAt, endedAt }) => {
      const span = startedAt === null ? null : { from: startedAt, to: endedAt ?? now };
      return span === null ? [] : slots.map(() => ({ experimentId: Number(trialId.split(".")[0]), ...span }));
    });
    return new Map(
      [...Map.groupBy(runs, ({ experimentId }) => experimentId)].map(([id, spans]) => [
        id,
        useOf(spans, now),
      ]),
    );
  }

  function goOn(held: ReadonlyMap<number, number>, now: number): void {
    for (const id of new Set([...use.keys(), ...held.keys()])) {
      const next = useAfter(use.get(id) ?? { slots: 0, at: now }, held.get(id) ?? 0, now);
      if (next.slots < 0.01 && !held.has(id)) use.delete(id);
      else use.set(id, next);
    }
  }

  return {
    /** @param records of all trials that wait, may start and hold slots */
    at(now: number, records: readonly TrialRecord[], slots: readonly Slot[]): PoolView {
      const experiments = new Map<number, ExperimentRecord>();
      for (const { trial } of records) {
        if (experiments.has(trial.experimentId)) continue;
        const record = store.experiment(trial.experimentId);
        if (record !== null) experiments.set(trial.experimentId, record);
      }
      const held = new Map<number, number>();
      for (const { trial } of records)
        if (trial.slots.length > 0)
          held.set(trial.experimentId, (held.get(trial.experimentId) ?? 0) + trial.slots.length);
      goOn(held, now);
      const lengths = lengthsOf(records, experiments, now);
      return {
        slots: slots.map((slot) => ({ ...slot, usable: slot.state === "free" })),
        trials: records.flatMap((record) => {
          const experiment = experiments.get(record.trial.experimentId);
          return experiment === undefined
            ? []
            : [queued(record, experiment, lengths.typical(experiment), now)];
        }),
        experiments: new Map(
          [...experiments].map(([id, { experiment }]): [number, ExperimentShare] => [
            id,
            {
              user: "", // a pool is of one account
              priority: experiment.priority,
              weight: experiment.weight,
              maxSlots: experiment.maxSlots,
              recentSlots: use.get(id)?.slots ?? 0,
            },
          ]),
        ),
        users: new Map(),
        typicalMs: lengths.typicalOfAll,
        isTypicalKnown: lengths.isKnown,
      };
    },
  };

  /** How long trials take: of the same experiment, else of the same script, else of this pool. */
  function lengthsOf(
    records: readonly TrialRecord[],
    experiments: ReadonlyMap<number, ExperimentRecord>,
    now: number,
  ) {
    const told = records.flatMap(({ trial, own }) => {
      const experiment = experiments.get(trial.experimentId);
      if (experiment === undefined || own.time === undefined || !own.told || own.told.fraction <= 0)
        return [];
      const { heldMs } = timeAt(own.time, trial.state, now);
      const ms = Math.max(heldMs, own.told.heldMs / own.told.fraction);
      return [{ experimentId: trial.experimentId, script: scriptOf(experiment), ms }];
    });
    const all = [...completedLengths(), ...told];
    const byExperiment = Map.groupBy(all, ({ experimentId }) => experimentId);
    const byScript = Map.groupBy(all, ({ script }) => script);
    const mean = (some: readonly { ms: number }[] | undefined) =>
      some === undefined ? null : typicalOf(some.map(({ ms }) => ms));
    const typicalOfAll = typicalOf(all.map(({ ms }) => ms));
    return {
      typicalOfAll,
      isKnown: all.length > 0,
      typical: (experiment: ExperimentRecord) =>
        mean(byExperiment.get(experiment.experiment.id)) ??
        mean(byScript.get(scriptOf(experiment))) ??
        typicalOfAll,
    };
  }

  function queued(
    { trial, own }: TrialRecord,
    { experiment, own: { moves, hasResumed } }: ExperimentRecord,
    typicalMs: number,
    now: number,
  ): QueuedTrial {
    const { waitedMs, heldMs } = timeAt(own.time ?? timeSince(trial.createdAt), trial.state, now);
    const moveCostMs = (moves?.leaveMs ?? MOVE_COST_MS / 2) + (moves?.returnMs ?? MOVE_COST_MS / 2);
    const returns = trial.state === "waiting" && trial.attempts > 0 ? moveCostMs : 0;
    const progress = {
      ranMs: heldMs,
      fraction: own.told?.fraction ?? null,
      ranMsThen: own.told?.heldMs ?? 0,
    };
    // Whoever has no checkpoint is asked for nothing, whatever its run has done.
    const hasGotFurther = () =>
      trial.currentRun !== null && store.run(trial.currentRun)?.own.gotFurther === true;
    return {
      id: trial.id,
      experimentId: trial.experimentId,
      slots: experiment.slotsPerTrial,
      state: PHASE[trial.state] ?? "running",
      slotIds: trial.slots,
      place: own.queuedAt,
      waitedMs,
      needMs: needOf(progress, typicalMs) + returns,
      isNeedKnown: own.told !== undefined,
      // Nor before it has got further than its last run: each run brings the trial on, however often it is asked.
      isPreemptible:
        trial.latestCheckpoint !== null &&
        own.ignoresPreemption !== true &&
        own.startsOver !== true &&
        (trial.state === "waiting" || hasGotFurther()),
      isProven: hasResumed === true,
      moveCostMs,
    };
  }
}

const PHASE: Partial<Record<TrialState, QueuedTrial["state"]>> = {
  waiting: "waiting",
  pausing: "leaving",
  stopping: "leaving",
};

function scriptOf({ experiment: { workspace, script } }: ExperimentRecord): string {
  return `${workspace}/${script}`;
}
