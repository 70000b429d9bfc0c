/** How many slots somebody held on average lately: what a fair share remembers. Pure. */

/** After this long, half of it is forgotten. */
export const HALF_LIFE_MS = 24 * 60 * 60_000;

export interface Use {
  /** Exponentially weighted mean of the slots held, at `at`. */
  slots: number;
  at: number;
}

/** @param held slots that were held from `use.at` until `now` */
export function useAfter(use: Use, held: number, now: number): Use {
  const kept = 0.5 ** (Math.max(0, now - use.at) / HALF_LIFE_MS);
  return { slots: use.slots * kept + held * (1 - kept), at: now };
}

/** @param spans of time in which one slot was held; @returns the same mean, from the whole past */
export function useOf(spans: readonly { from: number; to: number }[], now: number): Use {
  let slots = 0;
  for (const { from, to } of spans)
    slots += 0.5 ** (Math.max(0, now - to) / HALF_LIFE_MS) - 0.5 ** (Math.max(0, now - from) / HALF_LIFE_MS);
  return { slots, at: now };
}
