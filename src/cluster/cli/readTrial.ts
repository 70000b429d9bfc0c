/** One trial with all that it has. */
import type { Result } from "../protocol/methods.ts";
import { PoolCallError } from "../client/poolCallError.ts";
import { type Context, type Pool, UsageError } from "./command.ts";

/** @throws UsageError for a trial that there is not */
export async function readTrial(
  { signal }: Context,
  pool: Pool,
  trialId: string,
): Promise<Result<"trial/get">> {
  try {
    return await pool.call("trial/get", { trialId }, { signal });
  } catch (error) {
    if (!(error instanceof PoolCallError && error.reason === "notFound")) throw error;
    throw new UsageError(`Experiment ${trialId.split(".")[0]} has no trial ${trialId}.`);
  }
}
