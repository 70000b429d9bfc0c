/** The trace as it would be in life: steps take now longer, now shorter, and a third of the jobs end before they said. */
import type { VirtualTrial } from "./pool.ts";

const STEP_MS = 1000;
const SIGMA = 0.3;
const ENDS_EARLY = 1 / 3;

/** @param random 0 to 1; the same numbers give the same jobs */
export function withNoise(trials: readonly VirtualTrial[], random: () => number): VirtualTrial[] {
  return trials.map((trial): VirtualTrial => {
    const steps = Math.max(1, Math.round(trial.lengthMs / STEP_MS));
    const endsAt: number[] = [];
    let at = 0;
    for (let step = 0; step < steps; step++) endsAt.push((at += STEP_MS * Math.exp(SIGMA * normal(random))));
    const last = random() < ENDS_EARLY ? Math.max(1, Math.ceil(steps * random())) : steps;
    return {
      ...trial,
      lengthMs: endsAt[last - 1] ?? STEP_MS,
      fractionAt: (trainedMs) => stepsBy(endsAt, trainedMs) / steps,
    };
  });
}

/** Box and Muller 1958. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** How many steps have ended. */
function stepsBy(endsAt: readonly number[], trainedMs: number): number {
  let [from, to] = [0, endsAt.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((endsAt[middle] ?? Infinity) <= trainedMs) from = middle + 1;
    else to = middle;
  }
  return from;
}
