import { CallError } from "../callError.ts";
import type { PoolStore } from "../store/poolStore.ts";
import type { RunRecord } from "../store/records.ts";

/** @throws CallError in words for the person */
export function mustHaveRun(store: Pick<PoolStore, "run">, runId: string): RunRecord {
  const record = store.run(runId);
  if (record === null)
    throw new CallError("notFound", `There is no run ${runId} in this pool.`, "It may have been deleted.");
  return record;
}
