/** What is said of the queue, in the editor and on the command line. Pure. */
import type { StartsIn } from "./scheduling.ts";

const DAYS = { from: Infinity, divisor: 86_400_000, unit: "d" };
/** Each up to twice the next, so that an interval has two digits at most. */
const UNITS = [
  { from: 120_000, divisor: 1000, unit: "s" },
  { from: 7_200_000, divisor: 60_000, unit: "min" },
  { from: 172_800_000, divisor: 3_600_000, unit: "h" },
  DAYS,
];

/** `"in 25 to 40 min"`, `"now"` or `"not known"`. */
export function startsText(startsIn: StartsIn | null): string {
  if (startsIn === null) return "not known";
  return startsIn.toMs < 1000 ? "now" : `in ${spanText(startsIn)}`;
}

/** `"25 to 40 min"` */
export function spanText({ fromMs, toMs }: StartsIn): string {
  const { divisor, unit } = UNITS.find(({ from }) => toMs < from) ?? DAYS;
  const [from, to] = [Math.floor(fromMs / divisor), Math.ceil(toMs / divisor)];
  return from === to ? `${to} ${unit}` : `${from} to ${to} ${unit}`;
}

/** A sentence after the reason; empty where nothing is known. */
export function startsSentence(startsIn: StartsIn | null): string {
  return startsIn === null ? "" : `Starts ${startsText(startsIn)}.`;
}

/** @param trialIds one at least */
export function preemptsText(trialIds: readonly string[]): string {
  const [one, ...more] = trialIds;
  if (more.length === 0)
    return `Trial ${one ?? ""} would checkpoint and give its slots back, and go on in its turn.`;
  return `Trials ${trialIds.join(", ")} would checkpoint and give their slots back, and go on in their turn.`;
}
