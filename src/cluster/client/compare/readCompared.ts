/** What a comparison shows of a trial beyond what the pool's events tell. */
import type { Experiment, Run, Trial } from "../../protocol/entities.ts";
import type { PoolConnection } from "../connection.ts";
import type { Compared } from "./comparison.ts";

/** @param runs of the trial, oldest first: what the last of them saw counts */
export async function readCompared(
  pool: Pick<PoolConnection, "call">,
  { experiment, trial, runs }: { experiment: Experiment; trial: Trial; runs: readonly Run[] },
  signal?: AbortSignal,
): Promise<Compared> {
  const runId = runs.at(-1)?.id;
  const [{ series }, provenance] = await Promise.all([
    pool.call("series/list", { trialId: trial.id }, { signal }),
    runId === undefined ? null : pool.call("run/provenance", { runId }, { signal }),
  ]);
  return { experiment, trial, series, provenance: provenance?.provenance ?? null };
}
