/**
 * Test Preemption: the script runs twice with one seed. One run is preempted after a few steps and goes on for a few more, the
 * other is left alone; then verdict.ts compares what they reported.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { FINAL_TRIAL_STATES, type Run, type Trial } from "../protocol/entities.ts";
import type { Result } from "../protocol/methods.ts";
import { readPoints } from "./points.ts";
import type { PoolCalls } from "./poolCalls.ts";
import { readExperiment } from "./readExperiment.ts";
import {
  judge,
  stepsOf,
  type Evidence,
  type Reported,
  type Verdict,
  type WrittenCheckpoint,
} from "./preemption/verdict.ts";
import { submitExperiment, type SubmitOptions } from "./submit.ts";

export const DEFAULT_STEPS = 3;
/** By which trees and lists tell these experiments from others. */
export const TEST_LABEL = "preemption test";
const SEED = 1;
/** Nobody waits an hour for a script that does not listen. */
const PATIENCE_S = 120;
const LOOK_EVERY_MS = 200;
const CHECKPOINTS_COMPARED = 20;

export interface PreemptionTestOptions extends Omit<
  SubmitOptions,
  "connection" | "name" | "change" | "onProgress"
> {
  connection: PoolCalls | Promise<PoolCalls>;
  /** Reported steps before the preemption, and again after it. */
  steps: number;
  onProgress?: (message: string) => void;
}

export interface PreemptionTest {
  verdict: Verdict;
  /** The preempted one, and the one that was left alone. Both have ended. */
  experimentIds: number[];
  /** Deletes both. */
  remove: () => Promise<void>;
}

/** Seen of one of the two experiments. */
interface Seen {
  trial: Trial;
  runs: Run[];
  checkpoints: Result<"experiment/get">["checkpoints"];
  /** By attempt. */
  reports: (attempt: number) => Reported[];
}

/** When it is cancelled, or does not get to a verdict, nothing of it is left. */
export async function testPreemption(options: PreemptionTestOptions): Promise<PreemptionTest> {
  const { signal } = options;
  const experimentIds: number[] = [];
  const pool = await options.connection;
  const remove = async (): Promise<void> => {
    for (const experimentId of experimentIds)
      await pool.call("experiment/delete", { experimentId, confirm: true });
  };
  try {
    const submit = async (which: string): Promise<number> => {
      const { experimentId } = await submitExperiment({
        ...options,
        connection: pool,
        name: `${which} in a preemption test`,
        change: asTested,
        onProgress: () => options.onProgress?.("submitting"),
      });
      experimentIds.push(experimentId);
      await pool.call("experiment/annotate", { experimentId, labels: [TEST_LABEL] }, { signal });
      return experimentId;
    };
    const evidence = await gather(pool, options, await submit("Preempted"), await submit("Left alone"));
    return { verdict: judge(evidence), experimentIds, remove };
  } catch (error) {
    await remove().catch(() => undefined); // what went wrong first is what is said
    throw error;
  }
}

/** One trial with a seed that is the same for both, whose first failure is its last. */
const asTested: NonNullable<SubmitOptions["change"]> = (value) => ({
  ...value,
  searcher: { ...value.searcher, name: "single" },
  reproducibility: { experiment_seed: value.reproducibility.experiment_seed ?? SEED },
  max_restarts: 0,
  preemption_timeout: Math.min(value.preemption_timeout ?? PATIENCE_S, PATIENCE_S),
});

async function gather(
  pool: PoolCalls,
  { steps: wanted, onProgress, signal }: PreemptionTestOptions,
  preemptedId: number,
  straightId: number,
): Promise<Evidence> {
  const look = (experimentId: number) => lookAt(pool, experimentId, signal);
  /** Looks again and again until `isEnough`, or the trial has ended. */
  const until = async (experimentId: number, isEnough: (seen: Seen) => boolean): Promise<Seen> => {
    for (;;) {
      const seen = await look(experimentId);
      if (isFinal(seen.trial) || isEnough(seen)) return seen;
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  };
  /** Ends it and looks a last time: what it had reported by then is all there. */
  const end = async (experimentId: number): Promise<Seen> => {
    await pool.call("trial/kill", { experimentId }, { signal });
    return until(experimentId, () => false);
  };

  onProgress?.(`waiting for ${wanted} reported steps`);
  await until(preemptedId, ({ reports }) => stepsOf(reports(1)).length >= wanted);
  onProgress?.("asking it to give its slot back");
  const isAsked = await pool
    .call("trial/preempt", { trialId: `${preemptedId}.1`, evenWithoutCheckpoint: true }, { signal })
    .then(
      () => true,
      async (error: unknown) => {
        if (isFinal((await look(preemptedId)).trial)) return false;
        throw error;
      },
    );
  const left = await until(preemptedId, ({ runs }) => (runs[0]?.outcome ?? null) !== null);
  if (!isAsked) {
    await end(straightId);
    return { ...(await evidenceOf(pool, left, left, wanted, signal)), left: null };
  }
  const [first = 0] = stepsOf(left.reports(1));
  const last = stepsOf(left.reports(1)).at(-1) ?? first;

  onProgress?.("it has left; waiting for both to go on");
  const beyond = (reports: Reported[]): boolean =>
    stepsOf(reports).filter((step) => step > last).length >= wanted;
  const isDone = ({ reports }: Seen): boolean =>
    beyond(reports(2)) || (stepsOf(reports(2))[0] ?? Infinity) <= first;
  // With one slot one of them waits for the other, so each is ended as soon as it has shown enough.
  const [moved, straight] = await Promise.all([
    until(preemptedId, isDone).then((seen) => (isFinal(seen.trial) ? seen : end(preemptedId))),
    until(straightId, ({ reports }) => beyond(reports(1))).then((seen) =>
      isFinal(seen.trial) ? seen : end(straightId),
    ),
  ]);
  onProgress?.("comparing");
  return evidenceOf(pool, moved, straight, wanted, signal);
}

async function evidenceOf(
  pool: PoolCalls,
  moved: Seen,
  straight: Seen,
  wanted: number,
  signal: AbortSignal | undefined,
): Promise<Evidence> {
  const [first, second] = moved.runs;
  const outcome = first?.outcome ?? null;
  const endedEarly =
    moved.trial.state === "killed" ? null : (moved.trial.failure?.message ?? "It came to its end.");
  return {
    wanted,
    before: moved.reports(1),
    after: moved.reports(2),
    straight: straight.reports(1),
    left:
      outcome === "preempted"
        ? first?.signal === "SIGKILL"
          ? "timeout"
          : "checkpointed"
        : outcome === "completed"
          ? "completed"
          : "failed",
    resumedFromStep: second?.resumedFromStep ?? null,
    endedEarly,
    checkpoints: {
      preempted: await written(pool, moved, signal),
      straight: await written(pool, straight, signal),
    },
  };
}

async function written(
  pool: PoolCalls,
  { checkpoints }: Seen,
  signal?: AbortSignal,
): Promise<WrittenCheckpoint[]> {
  const latest = checkpoints.toSorted((a, b) => a.step - b.step).slice(-CHECKPOINTS_COMPARED);
  return Promise.all(
    latest.map(async ({ uuid, step }) => {
      const { manifest } = await pool.call("checkpoint/manifest", { uuid }, { signal });
      return { step, files: Object.fromEntries(manifest.files.map(({ path, sha256 }) => [path, sha256])) };
    }),
  );
}

async function lookAt(pool: PoolCalls, experimentId: number, signal?: AbortSignal): Promise<Seen> {
  const { trials, runs, checkpoints } = await readExperiment(pool, experimentId, signal);
  const [trial] = trials;
  if (trial === undefined) throw new Error(`experiment ${experimentId} has no trial`);
  const inOrder = runs.toSorted((a, b) => a.attempt - b.attempt);
  const { series } = await pool.call("series/list", { trialId: trial.id }, { signal });
  const reports: (Reported & { attempt: number; time: number })[] = [];
  for (const each of series.filter(({ rank, group }) => rank === 0 && group !== "system"))
    for (const { step, time, value } of await readPoints(pool, each, signal))
      reports.push({
        metric: `${each.group}/${each.name}`,
        step,
        value,
        time,
        attempt: attemptAt(inOrder, time),
      });
  return {
    trial,
    runs: inOrder,
    checkpoints,
    reports: (attempt) =>
      reports.filter((report) => report.attempt === attempt).sort((a, b) => a.time - b.time),
  };
}

/** The attempt that had begun last by then. */
function attemptAt(runs: readonly Run[], time: number): number {
  return runs.findLast(({ startedAt }) => startedAt !== null && startedAt <= time)?.attempt ?? 1;
}

function isFinal({ state }: Trial): boolean {
  return (FINAL_TRIAL_STATES as readonly string[]).includes(state);
}
