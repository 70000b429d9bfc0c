/** A script's baseline as a panel shows it. Pure. */
import type { PoolMirror } from "../../cluster/client/mirror.ts";
import type { PageBaseline } from "../../webviews/contract/messages.ts";
import type { Baseline } from "../baselines.ts";

export interface BaselinePool {
  name: string;
  isConnected: boolean;
  mirror: Pick<PoolMirror, "trials"> | null;
}

/** Its curves are added by who can read them. */
export function shownBaseline(
  baseline: Baseline,
  pool: BaselinePool | null,
  isHere: boolean,
): Omit<PageBaseline, "series"> {
  const { label, trialId } = baseline;
  const trial = pool?.mirror?.trials.get(trialId);
  const metric = baseline.metric && `${baseline.metric.group}/${baseline.metric.name}`;
  return {
    label,
    trialId,
    isHere,
    metric,
    value: trial?.best?.value ?? baseline.value,
    startedAt: trial?.startedAt ?? null,
    problem: problemOf(label, pool, trial !== undefined),
  };
}

function problemOf(label: string, pool: BaselinePool | null, isThere: boolean): string | null {
  if (pool === null) return `The pool of the baseline ${label} was removed: its curve is hidden.`;
  if (!pool.isConnected)
    return `The baseline ${label} is on ${pool.name}, which is not connected: its curve is hidden.`;
  return isThere ? null : `The baseline ${label} was deleted: its curve is gone.`;
}
