/** Does what was decided, one thing after the other for each run. Everything here may be done twice. */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Control } from "../../protocol/runDirectory.ts";
import { messageOf } from "../errors.ts";
import type { Context } from "./context.ts";
import { blackenManifest, blackenRun } from "./blacken.ts";
import { isFinal } from "./rollup.ts";
import { secretEnvironment } from "./runSpec.ts";

const WRITE_AGAIN_MS = 500;
/** Below every step: a run that starts from nothing supersedes all that earlier attempts reported. */
export const BEFORE_ALL_STEPS = -Number.MAX_VALUE;

export type Actions = ReturnType<typeof createActions>;

/** @param onLaunchFailed the run could not be started: not the script's fault */
export function createActions(context: Context, onLaunchFailed: (runId: string, error: unknown) => void) {
  const { store, executor, follower, curves, secrets, disk, logger } = context;
  const shutdown = new AbortController();
  const queues = new Map<string, Promise<void>>();
  const launching = new Set<string>();

  function enqueue(runId: string, what: string, work: () => Promise<void>): void {
    const next = (queues.get(runId) ?? Promise.resolve()).then(work).catch((error: unknown) => {
      logger.warn(`could not ${what} a run`, { runId, error: messageOf(error) });
    });
    queues.set(runId, next);
    void next.then(() => {
      if (queues.get(runId) === next) queues.delete(runId);
    });
  }

  async function launch(runId: string): Promise<void> {
    const record = store.run(runId);
    const experiment = record && store.experiment(record.own.spec.experiment);
    if (record === null || experiment === null || record.run.outcome !== null) return;
    const { spec } = record.own;
    try {
      adopt(runId);
      await executor.launch(
        {
          spec,
          tree: experiment.experiment.snapshot.tree,
          links: experiment.experiment.snapshot.linked,
          secrets: secretEnvironment(
            experiment.own.request.configuration.value,
            spec.slots,
            secrets.read(spec.experiment),
          ),
        },
        shutdown.signal,
      );
    } catch (error) {
      if (shutdown.signal.aborted) return;
      logger.warn("a run could not be started", { runId, error: messageOf(error) });
      onLaunchFailed(runId, error);
    } finally {
      launching.delete(runId);
    }
  }

  /** What was decided is written when there is room for it, unless something else has been decided meanwhile. */
  async function untilWritten(runId: string, control: Control): Promise<void> {
    for (;;) {
      try {
        await executor.signal(runId, control);
        return;
      } catch (error) {
        if (!disk.noticed(error)) throw error;
        if (control.action === "kill") return; // it is cancelled, too, which needs no room
      }
      await sleep(WRITE_AGAIN_MS, undefined, { signal: shutdown.signal }).catch(() => undefined);
      const run = store.run(runId)?.run;
      const newest = run === undefined ? null : store.trial(run.trialId)?.own.control;
      if (shutdown.signal.aborted || run?.outcome !== null || newest?.control !== control.control) return;
    }
  }

  function adopt(runId: string): void {
    const spec = store.run(runId)?.own.spec;
    if (spec !== undefined && spec.attempt > 1)
      curves.supersede(runId, spec.latestCheckpoint?.step ?? BEFORE_ALL_STEPS);
    follower.follow(runId);
  }

  /** Reduces work/ to what the run left or changed. */
  async function tidy(runId: string): Promise<void> {
    const record = store.run(runId);
    const experiment = record && store.experiment(record.own.spec.experiment);
    if (record === null || experiment === null || record.own.tidy || record.run.outcome === null) return;
    try {
      await context.snapshots.prune(
        experiment.experiment.snapshot.tree,
        path.join(context.pool, "runs", runId, "work"),
      );
    } catch (error) {
      logger.warn("could not tidy the working directory of a run", { runId, error: messageOf(error) });
    }
    const current = store.run(runId);
    if (current !== null) store.putRun({ ...current, own: { ...current.own, tidy: true } });
  }

  return {
    launch(runId: string): void {
      launching.add(runId);
      enqueue(runId, "launch", () => launch(runId));
    },
    /** Its files may not be there yet, so nothing can be told from them. */
    isLaunching: (runId: string) => launching.has(runId),
    adopt,
    signal(runId: string, control: Control): void {
      enqueue(runId, "signal", () => untilWritten(runId, control));
    },
    cancel(runId: string): void {
      enqueue(runId, "kill", () => executor.cancel(runId));
    },
    /** To be called when the run has ended. */
    tidy(runId: string): void {
      enqueue(runId, "tidy", () => tidy(runId));
    },
    /** Blackens what was printed of them, then forgets them. To be called when the experiment has ended. */
    forgetSecrets(experimentId: number): void {
      const values = secrets.read(experimentId);
      if (Object.keys(values).length === 0) return;
      enqueue(`experiment ${experimentId}`, "blacken the output of", async () => {
        const experiment = store.experiment(experimentId)?.experiment;
        if (experiment !== undefined && !isFinal(experiment.state)) return; // it goes on
        for (const { id } of store.trialsOf(experimentId))
          for (const run of store.runsOf(id))
            await blackenRun(path.join(context.pool, "runs", run.id), values);
        for (const { uuid } of store.checkpointsOf(experimentId))
          await blackenManifest(path.join(context.pool, "checkpoints", uuid), values);
        secrets.delete(experimentId);
      });
    },
    /** To be called when the experiment has ended: after its secrets have been forgotten. */
    afterwards(experimentId: number, what: string, work: () => Promise<void>): void {
      enqueue(`experiment ${experimentId}`, what, work);
    },
    /** Resolves when nothing is being done with these runs. */
    async settled(runIds: readonly string[]): Promise<void> {
      await Promise.all(runIds.map((runId) => queues.get(runId) ?? Promise.resolve()));
    },
    /** Ends what is being done here; the runs live on. */
    async close(): Promise<void> {
      shutdown.abort();
      await Promise.allSettled(queues.values());
    },
  };
}
