/**
 * Event -> decision -> new state, in one transaction; then the actions. An action may be done twice, so after a crash what
 * was decided is done again (recover) and nothing is decided again.
 */
import { randomUUID } from "node:crypto";
import path from "node:path";
import type { JsonObject } from "../../protocol/base.ts";
import {
  FINAL_TRIAL_STATES,
  type Failure,
  type Run,
  type RunOutcome,
  type Trial,
} from "../../protocol/entities.ts";
import type { ExitFile, SpecSlot } from "../../protocol/runDirectory.ts";
import { searcherOf } from "../../search/searchers.ts";
import type { ExperimentRecord, RunRecord, StartFrom, TrialRecord } from "../store/records.ts";
import type { SearchChange, SearcherEvent } from "../../search/searcher.ts";
import type { Actions } from "./actions.ts";
import type { Context } from "./context.ts";
import { step, type Ask, type TrialAction, type TrialEvent } from "./lifecycle.ts";
import { savePolicyOf } from "./collection.ts";
import { pausableOf } from "./pausable.ts";
import { isFinal, isOccupying, rollUp } from "./rollup.ts";
import { buildRunSpec } from "./runSpec.ts";
import { plannedOf, searchOf, type Validation } from "./search.ts";
import { newTrial } from "./newTrial.ts";
import { sameFailure } from "./sameFailure.ts";
import { maxTimeOf } from "../../search/settings.ts";
import { timeAt, timeSince, toldNow } from "./trialTime.ts";
import { askedReason, inQueueReason, retryDelayMs, retryReason } from "./waiting.ts";

/** What is known with an event, beside what the table needs. */
export interface Facts {
  slots?: SpecSlot[];
  slotCount?: number;
  outcome?: RunOutcome;
  exit?: ExitFile | null;
  failure?: Failure | null;
  reason?: string;
  /** It shall go on after all others that can start. */
  makesRoom?: boolean;
  /** Its run ended since there was no room for so many bytes. */
  waitsForBytes?: number;
}
export type Engine = ReturnType<typeof createEngine>;

/** @param collect carries out what the configuration of an experiment that has ended keeps of its checkpoints */
export function createEngine(
  context: Context,
  actions: Actions,
  onChange: () => void,
  collect: (experimentId: number) => Promise<void>,
) {
  const { store, logger } = context;

  /** @returns whether the event changed anything */
  function apply(trialId: string, event: TrialEvent, facts: Facts = {}): boolean {
    const todo: (() => void)[] = [];
    const hasChanged = store.transaction(() => decide(trialId, event, facts, todo));
    for (const action of todo) action();
    if (hasChanged) onChange();
    return hasChanged;
  }

  function decide(trialId: string, event: TrialEvent, facts: Facts, todo: (() => void)[]): boolean {
    const experimentId = decideForTrial(trialId, event, facts, todo);
    if (experimentId !== null) updateExperiment(experimentId, todo);
    return experimentId !== null;
  }

  /** @returns the experiment, which is to be updated; null when nothing has changed */
  function decideForTrial(
    trialId: string,
    event: TrialEvent,
    facts: Facts,
    todo: (() => void)[],
  ): number | null {
    const record = store.trial(trialId);
    const experiment = record && store.experiment(record.trial.experimentId);
    if (record === null || experiment === null) return null;
    const { trial, own } = record;
    const transition = step(
      {
        state: trial.state,
        asked: own.asked,
        restarts: trial.restarts,
        maxRestarts: experiment.own.request.configuration.value.max_restarts,
        restartsWithoutProgress: experiment.own.restartsWithoutProgress,
        hasProgress: own.hasProgress,
      },
      event,
    );
    if (transition === null) return null;
    const before = trial.state;
    const now = (own.isRebuilt ? toMs(facts.exit?.endedAt ?? null) : null) ?? Date.now();
    delete own.isRebuilt;
    own.time = timeAt(own.time ?? timeSince(trial.createdAt), before, now);
    trial.state = transition.life.state;
    trial.restarts = transition.life.restarts;
    own.asked = transition.life.asked;
    if (facts.makesRoom) own.makesRoom = true;
    if (facts.waitsForBytes !== undefined) own.waitsForBytes = facts.waitsForBytes;
    if (event.type === "slotsGranted") {
      delete own.makesRoom;
      delete own.waitsForBytes;
    }
    if (event.type === "launched" && trial.currentRun !== null)
      trial.startedAt ??= store.run(trial.currentRun)?.run.startedAt ?? Date.now();
    if (event.type === "searcherPause") own.isPausedBySearch = true;
    else if (trial.state !== "pausing" && trial.state !== "paused") delete own.isPausedBySearch;
    endRun(record, experiment, event, facts);
    for (const action of transition.actions) prepare(action, record, experiment, facts, todo);
    if (trial.state === "waiting" && facts.outcome === "preempted") own.isPreempted = true;
    else delete own.isPreempted;
    trial.waitReason = waitReason(record, event, facts);
    trial.failure = failureAfter(record, event, facts);
    trial.endedAt = isFinal(trial.state) ? now : null;
    trial.pausable = pausableOf(trial);
    const final = FINAL_TRIAL_STATES.find((state) => state === trial.state);
    const how = final !== undefined && own.invalidHyperparameters !== null ? "invalid" : final;
    if (how !== undefined && experiment.own.held === "ended") own.unheard = how;
    store.putTrial(record);
    store.recordDecision(trial.experimentId, trialId, {
      event,
      from: before,
      to: trial.state,
      actions: transition.actions,
    });
    if (trial.state === "failed") askIfAlike(trial, experiment, todo);
    if (how !== undefined) tellSearcher(experiment, { type: "trialEnded", number: trial.number, how }, todo);
    return trial.experimentId;
  }

  function waitReason({ trial, own }: TrialRecord, event: TrialEvent, facts: Facts): string | null {
    if (trial.state !== "waiting") {
      const run = trial.currentRun === null ? null : store.run(trial.currentRun);
      return run && askedReason(trial.state, own.asked, run.own.spec);
    }
    if (event.type !== "leaseRefused" && event.type !== "runLost")
      return inQueueReason("Waits for its turn.", own.isPreempted);
    const delayMs = retryDelayMs(store.runsOf(trial.id));
    own.notBefore = Date.now() + delayMs;
    if (facts.waitsForBytes !== undefined) return NO_ROOM;
    return retryReason(event.type, facts.failure?.message ?? null, delayMs);
  }

  /** Turns an action of the table into changed records, and into what is to be done once they are committed. */
  function prepare(
    action: TrialAction,
    { trial, own }: TrialRecord,
    experiment: ExperimentRecord,
    facts: Facts,
    todo: (() => void)[],
  ): void {
    const runId = trial.currentRun;
    switch (action.type) {
      case "launch": {
        const run = newRun({ trial, own }, experiment, facts);
        store.putRun(run);
        trial.attempts = run.run.attempt;
        trial.currentRun = run.run.id;
        trial.slots = run.run.slots;
        own.control = null;
        todo.push(() => {
          actions.launch(run.run.id);
        });
        break;
      }
      case "writeControl": {
        const control = {
          version: 1 as const,
          control: (own.control?.control ?? 0) + 1,
          action: action.action,
          reason: facts.reason ?? "asked by a person",
          at: Date.now() / 1000,
        };
        own.control = control;
        if (runId !== null)
          todo.push(() => {
            actions.signal(runId, control);
          });
        break;
      }
      case "cancel":
        if (runId !== null)
          todo.push(() => {
            actions.cancel(runId);
          });
        break;
      case "releaseSlots":
        trial.slots = [];
        trial.currentRun = null;
        break;
      case "enqueue":
        if (action.place === "last") own.queuedAt = Date.now();
        break;
    }
  }

  function newRun({ trial, own }: TrialRecord, experiment: ExperimentRecord, facts: Facts): RunRecord {
    const { slots = [], slotCount = slots.length } = facts;
    const checkpoint = store.latestCheckpoint(trial.id);
    const latestCheckpoint =
      checkpoint === null
        ? (own.startFrom ?? experiment.own.startFrom)
        : { uuid: checkpoint.uuid, step: checkpoint.step };
    const spec = buildRunSpec(experiment.own.request, {
      experimentId: trial.experimentId,
      trialId: trial.id,
      attempt: trial.attempts + 1,
      key: randomUUID(),
      hyperparameters: trial.hyperparameters,
      seed: trial.seed,
      slots,
      slotCount,
      leases: context.leases,
      checkpoints: path.join(context.pool, "checkpoints"),
      latestCheckpoint,
    });
    const run: Run = {
      id: spec.run,
      trialId: trial.id,
      attempt: spec.attempt,
      outcome: null,
      startedAt: null,
      endedAt: null,
      slots: slots.map(({ id }) => id),
      pid: null,
      exitCode: null,
      signal: null,
      failure: null,
      resumedFromStep: latestCheckpoint?.step ?? null,
    };
    return { run, own: { spec, tidy: false } };
  }

  /** Asks before a hundred trials fail in the same place: those that wait are paused, and so are those to come. */
  function askIfAlike(failed: Trial, record: ExperimentRecord, todo: (() => void)[]): void {
    const { experiment, own } = record;
    if (experiment.searcher === "single" || own.held !== undefined) return;
    const trials = store.trialsOf(experiment.id);
    const areMoreToCome =
      trials.length < (experiment.trialsPlanned ?? Infinity) || trials.some(({ state }) => !isFinal(state));
    const question = areMoreToCome ? sameFailure(failed, trials, own.acceptedFailures ?? []) : null;
    if (question === null) return;
    experiment.question = question;
    own.held = "paused";
    store.putExperiment(record);
    for (const { id, state } of trials)
      if (state === "waiting") decideForTrial(id, { type: "askPause" }, {}, todo);
  }

  function endRun(
    { trial, own }: TrialRecord,
    experiment: ExperimentRecord,
    event: TrialEvent,
    facts: Facts,
  ): void {
    if (event.type !== "runEnded" && event.type !== "runLost" && event.type !== "leaseRefused") return;
    const record = trial.currentRun === null ? null : store.run(trial.currentRun);
    if (record === null) return;
    // A short script may have ended before anybody saw it run.
    if (facts.exit) record.run.startedAt ??= toMs(facts.exit.startedAt);
    trial.startedAt ??= record.run.startedAt;
    record.run.outcome = facts.outcome ?? "lost";
    record.run.endedAt = toMs(facts.exit?.endedAt ?? null) ?? Date.now();
    record.run.exitCode = facts.exit?.code ?? null;
    record.run.signal = facts.exit?.signal ?? null;
    record.run.failure = facts.failure ?? null;
    store.putRun(record);
    if (facts.exit?.escalated && facts.exit.asked === "preempt") own.ignoresPreemption = true;
    const isAsked = own.control?.action === "pause" || own.control?.action === "preempt";
    if (own.control === null || !isAsked || event.type !== "runEnded") return;
    experiment.own.moves = {
      ...experiment.own.moves,
      leaveMs: record.run.endedAt - own.control.at * 1000,
    };
    store.putExperiment(experiment);
  }

  function tellSearcher(record: ExperimentRecord, event: SearcherEvent, todo: (() => void)[]): void {
    if (record.own.held === "ended" && (event.type === "validated" || event.type === "trialEnded")) return;
    const searcher = searcherOf(record.own.searcher);
    if (searcher === undefined) {
      logger.error("this server lacks the searcher of an experiment", { experiment: record.experiment.id });
      return;
    }
    const search = searchOf(record.own);
    const decision = searcher.decide(record.own.searcher, event, search);
    // Most values are not at a rung, and change nothing.
    if (decision.state === record.own.searcher && decision.actions.length === 0) return;
    record.own.searcher = decision.state;
    store.putExperiment(record);
    store.recordDecision(record.experiment.id, "searcher", { event, actions: decision.actions });
    for (const action of decision.actions) {
      const trialId = `${record.experiment.id}.${action.number}`;
      if (action.type === "createTrial") store.putTrial(newTrial(record, action));
      else {
        const asked = action.type === "stopTrial" ? action.why : action.type;
        decide(trialId, { type: ASKED[asked] }, { reason: REASON[asked] }, todo);
      }
      if (record.own.held === "paused" && (action.type === "createTrial" || action.type === "resumeTrial"))
        decide(trialId, { type: "askPause" }, {}, todo);
    }
  }

  /** What became of its trials since a person ended it. */
  function tellUnheard(experimentId: number, todo: (() => void)[]): void {
    for (const { id } of store.trialsOf(experimentId)) {
      const trial = store.trial(id);
      const experiment = store.experiment(experimentId);
      const how = trial?.own.unheard;
      if (trial === null || experiment === null || how === undefined) continue;
      delete trial.own.unheard;
      store.putTrialQuietly(trial);
      tellSearcher(experiment, { type: "trialEnded", number: trial.trial.number, how }, todo);
    }
  }

  /** A person changes something of an experiment: in one transaction with what is decided on it. */
  function changing(
    experimentId: number,
    change: (record: ExperimentRecord, todo: (() => void)[]) => void,
  ): void {
    const todo: (() => void)[] = [];
    store.transaction(() => {
      const record = store.experiment(experimentId);
      if (record === null) return;
      change(record, todo);
      updateExperiment(experimentId, todo);
    });
    for (const action of todo) action();
    onChange();
  }

  function updateExperiment(experimentId: number, todo: (() => void)[]): void {
    const record = store.experiment(experimentId);
    if (record === null) return;
    const isEnded = record.own.held === "ended";
    Object.assign(
      record.experiment,
      rollUp(record.experiment, store.trialsOf(experimentId), Date.now(), isEnded),
    );
    const hasEnded = isFinal(record.experiment.state);
    const isToCollect = hasEnded && savePolicyOf(record.own.request.configuration.value) !== null;
    if (isToCollect) record.own.isToCollect = true;
    store.putExperiment(record);
    if (hasEnded)
      todo.push(() => {
        actions.forgetSecrets(experimentId);
        if (isToCollect) collectLater(experimentId);
      });
  }

  function collectLater(experimentId: number): void {
    actions.afterwards(experimentId, "collect the checkpoints of", () => collect(experimentId));
  }

  return {
    apply,
    /**
     * Asks every trial, and holds the searcher to it: it would make a new trial for each that ends. In one transaction, so that
     * a crash leaves none of them out.
     */
    askAll(experimentId: number, ask: Ask, facts: Facts = {}): void {
      const todo: (() => void)[] = [];
      store.transaction(() => {
        const record = store.experiment(experimentId);
        if (record === null) return;
        const { question } = record.experiment;
        if (question !== null && ask === "askResume")
          record.own.acceptedFailures = [...(record.own.acceptedFailures ?? []), question.place];
        if (ask !== "askPause") record.experiment.question = null;
        if (record.own.held !== "ended") record.own.held = HELD[ask];
        store.putExperiment(record);
        for (const { id } of store.trialsOf(experimentId)) {
          // At a rung it is the search's to resume.
          if (ask === "askResume" && store.trial(id)?.own.isPausedBySearch) continue;
          decideForTrial(id, { type: ask }, facts, todo);
        }
        updateExperiment(experimentId, todo); // once: it reads all trials, and there may be thousands
      });
      for (const action of todo) action();
      onChange();
    },
    /** What the trial reported of the searcher's metric; in one transaction with what is decided on it. */
    validated(trialId: string, validations: readonly Validation[]): void {
      const todo: (() => void)[] = [];
      store.transaction(() => {
        for (const { value, time } of validations) {
          const trial = store.trial(trialId);
          const experiment = trial && store.experiment(trial.trial.experimentId);
          if (trial === null || experiment === null || isFinal(trial.trial.state)) return;
          trial.own.searcherTime = time;
          // What the script itself says of how far it is comes first.
          const longest = maxTimeOf(experiment.own.request.configuration.value.searcher);
          if (trial.trial.progress === null && longest !== null)
            trial.own.told = toldNow(trial, Math.min(1, time / longest));
          store.putTrialQuietly(trial);
          tellSearcher(experiment, { type: "validated", number: trial.trial.number, value, time }, todo);
        }
        const experimentId = store.trial(trialId)?.trial.experimentId;
        if (todo.length > 0 && experimentId !== undefined) updateExperiment(experimentId, todo);
      });
      for (const action of todo) action();
      if (todo.length > 0) onChange();
    },
    /** A person gives the search more trials or a narrower space: one that was ended goes on with it. */
    changeSearch(experimentId: number, change: SearchChange): void {
      changing(experimentId, (record, todo) => {
        const wasEnded = record.own.held === "ended";
        if (wasEnded) delete record.own.held;
        record.own.changes = { ...record.own.changes, ...change };
        record.experiment.trialsPlanned = plannedOf(record);
        store.putExperiment(record);
        tellSearcher(record, { type: "changed", ...change }, todo);
        if (wasEnded) tellUnheard(experimentId, todo);
      });
    },
    /** A person adds a trial of their own. @returns its id */
    addTrial(experimentId: number, hyperparameters: JsonObject, startFrom: StartFrom | null): string {
      let trialId = "";
      changing(experimentId, (record, todo) => {
        record.own.added = [...(record.own.added ?? []), { startFrom: startFrom?.uuid ?? null }];
        record.experiment.trialsPlanned = plannedOf(record);
        store.putExperiment(record);
        tellSearcher(record, { type: "trialAdded", hyperparameters }, todo);
        trialId = store.trialsOf(experimentId).at(-1)?.id ?? "";
        const added = startFrom === null ? null : store.trial(trialId);
        if (added === null || startFrom === null) return;
        added.own.startFrom = startFrom;
        store.putTrial(added);
      });
      return trialId;
    },
    /** Asks the searcher for its first trials. To be called in the transaction that makes the experiment. */
    begin(record: ExperimentRecord): void {
      tellSearcher(record, { type: "started" }, []);
      updateExperiment(record.experiment.id, []);
    },
    /** After a restart: does again what was decided, for all that lives. */
    recover(): void {
      for (const { trial, own } of store.trialsIn("starting", "running", "pausing", "stopping")) {
        const runId = trial.currentRun;
        if (runId === null || !isOccupying(trial.state)) continue;
        // Harmless when it has been launched. Once its script has run there is nothing to launch.
        if (store.run(runId)?.run.startedAt === null) actions.launch(runId);
        else actions.adopt(runId);
        if (own.control !== null) actions.signal(runId, own.control);
        if (own.asked === "kill") actions.cancel(runId);
      }
      for (const { run } of store.untidyRuns()) actions.tidy(run.id);
      store.experimentsToCollect().forEach(collectLater);
      for (const experimentId of context.secrets.list()) {
        const experiment = store.experiment(experimentId)?.experiment;
        if (experiment === undefined || isFinal(experiment.state)) actions.forgetSecrets(experimentId);
      }
    },
  };
}

const NO_ROOM = "Its last run ended since the disk was full: waits for room.";
const HELD = { askPause: "paused", askResume: undefined, askStop: "ended", askKill: "ended" } as const;
const ASKED = {
  finished: "searcherFinish",
  beaten: "searcherStop",
  pauseTrial: "searcherPause",
  resumeTrial: "searcherResume",
} as const;
const REASON = {
  finished: "the search ended it: it has trained for as long as any may",
  beaten: "the search stopped it: others did better after as long a training",
  pauseTrial: "the search paused it until it is known how the others do",
  resumeTrial: "the search resumed it: it is among the best after all",
};

/** Of the last run, as long as it says why the trial has failed or begins again. */
function failureAfter({ trial }: TrialRecord, event: TrialEvent, { failure }: Facts): Failure | null {
  if (event.type === "leaseRefused") return null; // a matter of waiting, not the script's
  if (trial.state === "failed") return failure ?? trial.failure;
  return trial.state === "waiting" ? (failure ?? null) : null;
}

function toMs(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}
