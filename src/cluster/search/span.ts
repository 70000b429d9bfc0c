/** How long a search takes on so many slots, from the lengths of its trials. Pure. */

export interface Lengths {
  /** Trials by how long they train, in units of the time metric. */
  lengths: readonly { units: number; trials: number }[];
  /** Trials that train at the same time: one at least. */
  atOnce: number;
}

/**
 * The units that pass until all have trained, at least and at most, whatever the order in which they come: of work W with the
 * longest trial L on m slots that never idle, max(L, W/m) to W/m + (1 - 1/m) L (Graham 1966, "Bounds for certain
 * multiprocessing anomalies", section 2).
 */
export function spanOf({ lengths, atOnce }: Lengths): { from: number; to: number } {
  const trials = lengths.reduce((sum, one) => sum + one.trials, 0);
  const work = lengths.reduce((sum, { units, trials: count }) => sum + units * count, 0);
  const longest = Math.max(0, ...lengths.filter((one) => one.trials > 0).map(({ units }) => units));
  const slots = Math.max(1, Math.min(atOnce, trials));
  const share = work / slots;
  return { from: Math.max(longest, share), to: share + (1 - 1 / slots) * longest };
}
