/** How long a trial still needs, from what is known about training. Pure. */

/** What a move costs where nobody has measured one. */
export const MOVE_COST_MS = 30_000;
/** How long a trial takes where nothing has ended yet. */
export const FIRST_GUESS_MS = 10 * 60_000;
/** Trials that the typical length is the mean of: what was usual months ago says little. */
const REMEMBERED = 100;

export interface Progress {
  /** Time on its slots, in all its runs. */
  ranMs: number;
  /** 0 to 1, as it said last; null when it has not. */
  fraction: number | null;
  /** Of `ranMs`, when it said that. */
  ranMsThen: number;
}

/**
 * With a fraction: the rest at the pace so far. Without one: what is left of a typical trial; and who has run for longer than
 * that needs as long again, since a trial that has outlived the others is a long one (Harchol-Balter and Downey 1997, section 4).
 */
export function needOf({ ranMs, fraction, ranMsThen }: Progress, typicalMs: number): number {
  if (fraction !== null && fraction > 0 && ranMsThen > 0) {
    const whole = ranMsThen / Math.min(1, fraction);
    return Math.max(0, whole - ranMs);
  }
  return Math.max(typicalMs - ranMs, ranMs);
}

/** @param lengths of trials that have ended or told how long they take, the newest last */
export function typicalOf(lengths: readonly number[]): number {
  const newest = lengths.slice(-REMEMBERED);
  if (newest.length === 0) return FIRST_GUESS_MS;
  return newest.reduce((sum, length) => sum + length, 0) / newest.length;
}
