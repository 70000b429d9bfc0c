/** The 60-job trace of the Tiresias artifact (Gu et al., NSDI 2019), and the orders that others would serve it in. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Plan } from "../../src/cluster/server/scheduler/plan.ts";
import type { PoolView } from "../../src/cluster/server/scheduler/view.ts";
import type { Outcome, VirtualOptions, VirtualTrial } from "./pool.ts";

export const TRACE_OPTIONS: VirtualOptions = { slots: 8, reportEveryMs: 10_000, moveCostMs: 30_000 };

/** Each job an experiment of one trial, of one user. */
export function readTrace(): VirtualTrial[] {
  const text = readFileSync(path.join(import.meta.dirname, "tiresias-60-jobs.csv"), "utf8");
  return text
    .trim()
    .split("\n")
    .slice(1)
    .map((line): VirtualTrial => {
      const [id = "", slots, submitS, , , durationS] = line.split(",");
      const lengthMs = Number(durationS) * 1000;
      return {
        id,
        experimentId: Number(id) + 1,
        slots: Number(slots),
        arrivesMs: Number(submitS) * 1000,
        lengthMs,
        fractionAt: (trainedMs) => trainedMs / lengthMs,
      };
    });
}

/** First in, first out; with `backfill` whoever fits may overtake. Nobody is preempted. */
export function firstInFirstOut(backfill: boolean) {
  return ({ trials, slots }: PoolView): Plan => {
    const free = slots.filter(({ usable }) => usable).map(({ id }) => id);
    const grants: Plan["grants"] = [];
    const queue = trials.filter(({ state }) => state === "waiting").sort((a, b) => a.place - b.place);
    for (const trial of queue) {
      if (trial.slots <= free.length)
        grants.push({ trialId: trial.id, slotIds: free.splice(0, trial.slots) });
      else if (!backfill) break;
    }
    return { grants, preempts: [], queue, waits: new Map() };
  };
}

export interface Summary {
  meanS: number;
  p95S: number;
  moves: number;
}

/** Completion times: from the arrival to the end. p95 by nearest rank. */
export function summarise(outcomes: readonly Outcome[]): Summary {
  const times = outcomes
    .map(({ trial, endedMs }) => (endedMs - trial.arrivesMs) / 1000)
    .sort((a, b) => a - b);
  return {
    meanS: times.reduce((sum, time) => sum + time, 0) / times.length,
    p95S: times[Math.ceil(0.95 * times.length) - 1] ?? Number.NaN,
    moves: outcomes.reduce((sum, { moves }) => sum + moves, 0),
  };
}

/** How much later than in the other order the worst-off trial ends. */
export function latestS(outcomes: readonly Outcome[], others: readonly Outcome[]): number {
  return Math.max(...outcomes.map(({ endedMs }, index) => (endedMs - (others[index]?.endedMs ?? 0)) / 1000));
}
