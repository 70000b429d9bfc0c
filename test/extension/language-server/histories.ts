/** What runs are made up to have known. */
import type {
  MetricFacts,
  ScriptHistory,
  TrialFacts,
} from "../../../src/extension/language-server/contract.ts";

export function trialFacts(change: Partial<TrialFacts> = {}): TrialFacts {
  const trialId = change.trialId ?? "12.1";
  return {
    experimentId: Number(trialId.split(".")[0]),
    trialId,
    state: "completed",
    startedAt: 1,
    endedAt: 2,
    metric: { name: "val_loss", value: 0.25, smallerIsBetter: true },
    parameters: { lr: 0.001 },
    path: "train.py",
    tree: "a".repeat(40),
    ...change,
  };
}

export function metricFacts(change: Partial<MetricFacts> = {}): MetricFacts {
  const curve = [1, 0.5, 0.3, 0.27, 0.26, 0.25].map((value, index) => [index * 10, value] as const);
  return { trial: trialFacts(), step: 50, value: 0.25, curve, ...change };
}

export function historyOf(change: Partial<ScriptHistory> = {}): ScriptHistory {
  return {
    poolId: "local",
    poolName: "this machine",
    running: 0,
    waiting: 0,
    last: null,
    best: null,
    trials: [],
    metrics: {},
    failures: [],
    nan: null,
    ...change,
  };
}
