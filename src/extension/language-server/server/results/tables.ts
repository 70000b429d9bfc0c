/** The last runs as a table, with what is asked of. Pure. */
import type { ScriptHistory, TrialFacts } from "../../contract.ts";
import { valueOf } from "./names.ts";
import { type Column, trialsTable, valueText } from "./words.ts";

/** A hover is not high. */
const MOST_ROWS = 6;

/** @param parameter a column of its own; null: none */
export function lastRuns(history: ScriptHistory, parameter: string | null, most = MOST_ROWS): string {
  const { poolId, best } = history;
  const own = history.trials.slice(0, most);
  const isThere = best === null || own.some(({ trialId }) => trialId === best.trialId);
  const trials = isThere ? own : [...own.slice(0, most - 1), best];
  const columns: Column[] = [{ title: "State", isNumber: false, text: ({ state }) => state }];
  if (parameter !== null)
    columns.push({
      title: parameter,
      isNumber: trials.every((trial) => typeof valueOf(trial, parameter) !== "string"),
      text: (trial) => valueText(valueOf(trial, parameter)),
    });
  const metric = (best ?? trials.find((trial) => trial.metric !== null))?.metric?.name;
  if (metric !== undefined)
    columns.push({ title: metric, isNumber: true, text: (trial) => metricText(trial, metric) });
  return trialsTable(poolId, trials, columns, best);
}

function metricText({ metric }: TrialFacts, name: string): string {
  if (metric === null) return "";
  const value = valueText(metric.value);
  return metric.name === name ? value : `${metric.name} ${value}`;
}
