/**
 * How adaptive ASHA spends its trials: brackets, their trials and concurrency, the rungs of each. Li et al., "A System for
 * Massively Parallel Hyperparameter Tuning" (arXiv 1810.05934), section 3.2, with the rules of Determined's implementation,
 * so that a search comes out the same here. Pure.
 */

import { naturalLog } from "./naturalLog.ts";

export type Mode = "aggressive" | "standard" | "conservative";

export interface AdaptiveSettings {
  maxTrials: number;
  /** Units of the time metric that a trial trains for when nothing stops it. */
  maxTime: number;
  divisor: number;
  maxRungs: number;
  /** 0: as many as each bracket has trials in its last one. */
  maxConcurrentTrials: number;
  mode: Mode;
  /** Rungs of each bracket; empty: as `mode` says. */
  bracketRungs: readonly number[];
}

export interface Bracket {
  rungs: number;
  trials: number;
  /** Trials of it that live at the same time, at most. */
  concurrent: number;
}

/** The bracket that stops earliest (most rungs) comes first. */
export function bracketsOf(settings: AdaptiveSettings): Bracket[] {
  const { divisor, maxTrials } = settings;
  const rungs = (settings.bracketRungs.length > 0 ? [...settings.bracketRungs] : rungsOfMode(settings)).sort(
    (a, b) => b - a,
  );
  const trials = bracketTrials(maxTrials, divisor, rungs);
  const concurrent = bracketConcurrency(settings.maxConcurrentTrials, divisor, trials);
  return rungs.map((count, index) => ({
    rungs: count,
    trials: trials[index] ?? 1,
    concurrent: concurrent[index] ?? 1,
  }));
}

function rungsOfMode({ mode, maxRungs, maxTime, maxTrials, divisor }: AdaptiveSettings): number[] {
  const most = Math.max(1, Math.min(maxRungs, levels(maxTime, divisor), levels(maxTrials, divisor)));
  const fewest = { aggressive: most, standard: Math.floor((most - 1) / 2) + 1, conservative: 1 }[mode];
  return Array.from({ length: most - fewest + 1 }, (_, index) => fewest + index);
}

/** By the quotient of two logarithms, as there: that of 243 to the base 3 is a hair below 5, and counts as 4. */
function levels(value: number, divisor: number): number {
  return Math.floor(naturalLog(value) / naturalLog(divisor)) + 1;
}

/** About the same work for each bracket; what is left over goes to the first. At least one each, so there may be more in all. */
export function bracketTrials(maxTrials: number, divisor: number, rungs: readonly number[]): number[] {
  const weights = rungs.map((count) => divisor ** (count - 1) / count);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const trials = weights.map((weight) => Math.max(Math.floor((weight / total) * maxTrials), 1));
  const left = maxTrials - trials.reduce((sum, count) => sum + count, 0);
  return trials.map((count, index) => (index === 0 ? count + Math.max(left, 0) : count));
}

/** @param trials of each bracket */
export function bracketConcurrency(
  maxConcurrentTrials: number,
  divisor: number,
  trials: readonly number[],
): number[] {
  if (maxConcurrentTrials === 0) {
    const each = Math.max(trials.at(-1) ?? 1, Math.floor(divisor));
    return trials.map(() => each);
  }
  const all = Math.max(maxConcurrentTrials, trials.length);
  const each = Math.floor(all / trials.length);
  return trials.map((_, index) => each + (index < all % trials.length ? 1 : 0));
}

/** Units after which the trials of a bracket are compared, the lowest rung first. */
export function rungUnits(rungs: number, maxTime: number, divisor: number): number[] {
  return Array.from({ length: rungs }, (_, index) =>
    Math.max(Math.floor(maxTime / divisor ** (rungs - index - 1)), 1),
  );
}
