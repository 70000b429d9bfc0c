/** Reading all of an experiment, or all experiments, however many there are: part by part. */
import type { Experiment } from "../protocol/entities.ts";
import type { Input, Result } from "../protocol/methods.ts";
import type { PoolCalls } from "./poolCalls.ts";

const TRIALS_A_CALL = 500;
const EXPERIMENTS_A_CALL = 500;

type Pool = Pick<PoolCalls, "call">;

/** As `experiment/get` answers it. @throws PoolCallError */
export async function readExperiment(
  pool: Pool,
  experimentId: number,
  signal?: AbortSignal,
): Promise<Result<"experiment/get">> {
  const got = await pool.call("experiment/get", { experimentId, contents: "none" }, { signal });
  for (let after: number | null = 0; after !== null;) {
    const part: Result<"experiment/read"> = await pool.call(
      "experiment/read",
      { experimentId, after, limit: TRIALS_A_CALL },
      { signal },
    );
    got.experiment = part.experiment;
    got.trials.push(...part.trials);
    got.runs.push(...part.runs);
    got.checkpoints.push(...part.checkpoints);
    after = part.next;
  }
  return got;
}

/**
 * The newest first.
 * @param most so many of them; null: all
 * @throws PoolCallError for a filter that cannot be read
 */
export async function readExperiments(
  pool: Pool,
  page: Pick<Input<"experiment/page">, "filter">,
  most: number | null,
  signal?: AbortSignal,
): Promise<{ experiments: Experiment[]; total: number }> {
  const experiments: Experiment[] = [];
  for (;;) {
    const limit = Math.min(EXPERIMENTS_A_CALL, (most ?? Infinity) - experiments.length);
    const before = experiments.at(-1)?.id ?? null;
    const part = await pool.call("experiment/page", { ...page, before, limit }, { signal });
    const total = experiments.length + part.total;
    experiments.push(...part.experiments);
    if (part.experiments.length < limit || experiments.length === most) return { experiments, total };
  }
}
