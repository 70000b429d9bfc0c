/** Answers which checkpoints of the chosen pool have a uuid that begins so: of a pool that is connected anyway. */
import { isNotFound } from "../../errors.ts";
import type { SubmitMemory } from "../../commands/submitMemory.ts";
import { LOCAL, type Pools } from "../../pool/pools.ts";
import type { CheckpointFacts } from "../contract.ts";

const MOST = 50;
const UUID_LENGTH = 36;

/** Null: not known now. None for a whole uuid: the pool has no such checkpoint. */
export async function checkpointsOf(
  pools: Pools,
  memory: SubmitMemory,
  prefix: string,
): Promise<CheckpointFacts[] | null> {
  const pool = pools.get(memory.pool ?? LOCAL);
  if (pool?.status.state !== "connected" || pool.mirror === null) return null;
  const held = [...pool.mirror.checkpoints.values()]
    .filter(({ uuid }) => uuid.startsWith(prefix))
    .sort((a, b) => b.createdAt - a.createdAt)
    .slice(0, MOST)
    .map(({ uuid, trialId, step, createdAt, metrics }) => ({ uuid, trialId, step, createdAt, metrics }));
  if (held.length > 0 || prefix.length !== UUID_LENGTH) return held;
  try {
    const { manifest } = await pool.call("checkpoint/manifest", { uuid: prefix });
    const { trial, step, metrics } = manifest;
    const numbers = Object.entries(metrics).filter(
      (entry): entry is [string, number] => typeof entry[1] === "number",
    );
    return [
      {
        ...{ uuid: prefix, trialId: trial, createdAt: manifest.createdAt * 1000 },
        ...{ step: typeof step === "number" ? step : 0, metrics: Object.fromEntries(numbers) },
      },
    ];
  } catch (error) {
    return isNotFound(error) ? [] : null;
  }
}
