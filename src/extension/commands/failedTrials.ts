/** The trials of an experiment that failed, wherever they are known. */
import type { Experiment, Trial } from "../../cluster/protocol/entities.ts";
import type { Pool } from "../pool/pool.ts";

/** Who looks for a reason finds it in the first of them. */
const MOST = 100;

export async function failedTrials(pool: Pool, experiment: Experiment): Promise<Trial[]> {
  const { mirror } = pool;
  if (mirror && !mirror.isWhole(experiment.id))
    await (await pool.reader()).trials({ experimentId: experiment.id, states: ["failed"], limit: MOST });
  return pool.mirror?.trialsOf(experiment.id).filter(({ failure }) => failure !== null) ?? [];
}
