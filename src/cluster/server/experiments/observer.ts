/** Looks at the files of living runs and turns what has changed into events of the lifecycle. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Failure } from "../../protocol/entities.ts";
import type { ExitFile, SupervisorFile } from "../../protocol/runDirectory.ts";
import { messageOf } from "../errors.ts";
import type { RunObservation } from "../ports.ts";
import { slices } from "../slices.ts";
import type { RunRecord } from "../store/records.ts";
import type { Actions } from "./actions.ts";
import type { Context } from "./context.ts";
import { outcomeOf, readEnding } from "./ending.ts";
import type { Engine } from "./engine.ts";
import type { TrialEvent } from "./lifecycle.ts";
import { createMask } from "./masking.ts";
import type { OutputWatch } from "./outputWatch.ts";
import type { Reports } from "./reports.ts";
import { isForWantOfRoom } from "./wantOfRoom.ts";

/** Runs of a trial that may be lost one after the other without one getting further than those before it. */
const MAX_LOST = 3;

export type Observer = ReturnType<typeof createObserver>;

export function createObserver(
  context: Context,
  engine: Engine,
  actions: Actions,
  reports: Reports,
  outputWatch: OutputWatch,
) {
  const { store, executor, follower, diagnose, secrets, disk, logger, timed } = context;

  /** Of each living run the process that is known to the store. */
  const scripts = new Map<string, number>();

  async function observe(): Promise<void> {
    const runIds = store
      .currentRunsIn("starting", "running", "pausing", "stopping")
      .filter((runId) => !actions.isLaunching(runId));
    if (runIds.length === 0) return;
    const observations = await executor.poll(runIds);
    for await (const report of follower.poll())
      await withoutOthers(report.runId, () =>
        timed(`what ${report.runId} reported`, () => reports.take(report)),
      );
    // Ends are waited for together, after the rest: each reads files.
    const ends: Promise<void>[] = [];
    const pause = slices();
    for (const each of observations) {
      const taken = withoutOthers(each.runId, () => take(each));
      if (each.phase === "ended" || each.phase === "lost") ends.push(taken);
      await pause();
    }
    await Promise.all(ends);
    for (const { runId, phase } of observations) {
      if (phase === "running") await withoutOthers(runId, () => outputWatch.look(runId));
      await pause();
    }
  }

  /** What goes wrong with one run is tried again in the next round, and touches no other. */
  async function withoutOthers(runId: string, work: () => Promise<void> | void): Promise<void> {
    try {
      await work();
    } catch (error) {
      disk.noticed(error);
      logger.error("could not take in what a run did", { runId, error: messageOf(error) });
    }
  }

  function take(observation: RunObservation): Promise<void> | void {
    switch (observation.phase) {
      case "starting":
        return;
      case "running":
        started(observation.runId, observation.supervisor);
        if (observation.silentSince !== null)
          noteSilence(observation.runId, observation.supervisor, observation.silentSince);
        return;
      case "ended":
        return end(observation.runId, observation.exit);
      case "lost":
        return end(observation.runId, null);
    }
  }

  function started(runId: string, { script, startedAt }: SupervisorFile): void {
    if (script === null || scripts.get(runId) === script.pid) return;
    const record = store.run(runId);
    if (record?.run.pid !== script.pid) began(record, script.pid, startedAt);
    scripts.set(runId, script.pid);
  }

  function began(record: RunRecord | null, pid: number, startedAt: number): void {
    if (record === null) return;
    record.run.pid = pid;
    record.run.startedAt ??= startedAt * 1000;
    // Together, or a crash in between would leave a trial that never runs; this event has no actions to wait for the commit.
    store.transaction(() => {
      store.putRun(record);
      engine.apply(record.run.trialId, { type: "launched" });
    });
  }

  function noteSilence(runId: string, { pid }: SupervisorFile, since: number): void {
    const trialId = store.run(runId)?.run.trialId;
    if (trialId !== undefined) reports.warn(trialId, "silentSupervisor", silent(pid, since));
  }

  async function end(runId: string, exit: ExitFile | null): Promise<void> {
    for (const report of follower.finish(runId)) {
      await timed(`what ${runId} reported`, () => reports.take(report));
      await nextTurn();
    }
    scripts.delete(runId);
    await reports.takeUntold(runId);
    await outputWatch.finish(runId);
    const record = store.run(runId);
    const trial = record && store.trial(record.run.trialId);
    if (record === null || trial === null || record.run.outcome !== null) return;
    const refused = trial.own.invalidHyperparameters;
    const ending: TrialEvent = exit === null ? { type: "runLost" } : readEnding(exit, refused !== null);
    const cancelled = store.trial(record.run.trialId)?.own.retriesCancelled ?? null;
    const reason = ending.type === "runLost" ? whyNotAgain(record) : null;
    const event = cancelled !== null || reason !== null ? withoutRestart(ending) : ending;
    const failure = await failureOf(record, exit, event, refused);
    if (isForWantOfRoom(event, failure) && !isLostInVain(record)) {
      const waitsForBytes = store.latestCheckpoint(record.run.trialId)?.bytes ?? 0;
      engine.apply(
        record.run.trialId,
        { type: "runLost" },
        { exit, failure, outcome: "lost", waitsForBytes },
      );
      reports.announce(record.run.trialId);
      actions.tidy(runId);
      return;
    }
    if (cancelled !== null && failure !== null) failure.message += ` ${cancelled}`;
    if (reason !== null && failure !== null) failure.message += ` ${reason}`;
    engine.apply(record.run.trialId, event, { exit, failure, outcome: outcomeOf(ending, exit) });
    if (exit?.escalated && exit.asked === "preempt")
      reports.warn(record.run.trialId, "ignoresPreemption", IGNORES_PREEMPTION);
    if (exit !== null && exit.killedChildren > 0)
      reports.warn(record.run.trialId, "children", leftBehind(exit.killedChildren));
    reports.announce(record.run.trialId);
    actions.tidy(runId);
  }

  function whyNotAgain(record: RunRecord): string | null {
    const request = store.experiment(record.own.spec.experiment)?.own.request;
    if (request?.configuration.value.resume_lost === false)
      return "It is not started again, as the configuration wants it (`resume_lost: false`).";
    return isLostInVain(record)
      ? `This was the case ${MAX_LOST} times in a row without getting any further, so it is not started again.`
      : null;
  }

  /** A lost run is gone on from, unless one after the other is lost without getting further: that would have no end. */
  function isLostInVain({ run }: RunRecord): boolean {
    const latest = store
      .runsOf(run.trialId)
      .filter(({ outcome }) => outcome !== "unstarted")
      .slice(-MAX_LOST);
    return (
      latest.length === MAX_LOST &&
      latest.every(
        ({ id, outcome }) => (id === run.id || outcome === "lost") && !store.run(id)?.own.gotFurther,
      )
    );
  }

  async function failureOf(
    { run, own }: RunRecord,
    exit: ExitFile | null,
    event: TrialEvent,
    refusedHyperparameters: string | null,
  ): Promise<Failure | null> {
    if (event.type === "leaseRefused" && exit?.launchError)
      return plainFailure("launch", exit.launchError.message);
    const hasFailed = event.type === "runEnded" && event.ending.kind === "failed";
    if (!hasFailed && event.type !== "runLost") return null;
    if (refusedHyperparameters !== null)
      return plainFailure("invalid_hp", `The script refused its hyperparameters: ${refusedHyperparameters}`);
    const request = store.experiment(own.spec.experiment)?.own.request;
    if (request === undefined) return null;
    try {
      const failure = await diagnose(run.id, exit, {
        script: request.script,
        directory: request.directory,
        interpreter: request.interpreter,
        snapshot: request.snapshot,
      });
      return failure === null ? null : createMask(secrets.read(own.spec.experiment))(failure);
    } catch (error) {
      logger.warn("could not find out why a run failed", { runId: run.id, error: messageOf(error) });
      return null;
    }
  }

  return {
    observe,
    /** The executor could not even begin. */
    launchFailed(runId: string, error: unknown): void {
      const record = store.run(runId);
      if (record === null || record.run.outcome !== null) return;
      const failure = plainFailure("launch", `The run could not be started: ${messageOf(error)}`);
      const event: TrialEvent = disk.noticed(error)
        ? { type: "leaseRefused" } // a matter of waiting, as for a slot
        : { type: "runEnded", ending: { kind: "failed", mayRestart: false } };
      engine.apply(record.run.trialId, event, { outcome: "unstarted", failure });
      follower.forget(runId);
      actions.tidy(runId);
    },
  };
}

/** A bad end that is the last one. */
function withoutRestart(ending: TrialEvent): TrialEvent {
  const isBad = ending.type === "runLost" || (ending.type === "runEnded" && ending.ending.kind === "failed");
  return isBad ? { type: "runEnded", ending: { kind: "failed", mayRestart: false } } : ending;
}

const IGNORES_PREEMPTION =
  "The script did not leave when it was asked for its slots, and was killed: it goes on from its last checkpoint and is not asked again. To be asked, it has to look at `run.should_stop()` at each step.";

function silent(pid: number, since: number): string {
  const time = new Date(since).toISOString().slice(11, 16);
  return `Its supervisor (process ${pid}) has not answered since ${time} UTC: it hangs, or was stopped. Its slots stay taken. What the script reports is kept; killing the trial ends both.`;
}

function leftBehind(count: number): string {
  const processes = count === 1 ? "1 process" : `${count} processes`;
  return `The script left ${processes} behind, which ${count === 1 ? "was" : "were"} ended.`;
}

function plainFailure(kind: Failure["kind"], message: string): Failure {
  return {
    kind,
    message,
    exception: null,
    frame: null,
    interpreter: null,
    missingModule: null,
    peakMemoryBytes: null,
    memoryLimitBytes: null,
  };
}
