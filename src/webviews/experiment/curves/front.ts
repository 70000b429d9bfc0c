/** Which curves of a chart stand in front of the others. Pure. */
import { MOST_IN_COLOUR, type CurveSpec } from "./charts.ts";

/** Trials that a person or the search has singled out. */
export interface FrontTrials {
  best: string | null;
  selected: readonly string[];
}

export const NO_FRONT: FrontTrials = { best: null, selected: [] };

export interface Standing {
  /** More curves than can be told apart: all but those in front are a crowd. */
  isCrowd: boolean;
  /** Keys of those drawn in their colours and named at their ends. */
  front: ReadonlySet<string>;
  best: ReadonlySet<string>;
  /** Keys of those that do not recede when others are looked at. */
  kept: ReadonlySet<string>;
}

export function standing(curves: readonly CurveSpec[], { best, selected }: FrontTrials): Standing {
  const chosen = new Set(selected);
  const selectedKeys = keysOf(curves, ({ series }) => chosen.has(series.trialId));
  const bestKeys = keysOf(curves, ({ series }) => series.trialId === best);
  if (curves.length <= MOST_IN_COLOUR)
    return { isCrowd: false, front: keysOf(curves, () => true), best: bestKeys, kept: selectedKeys };
  // The first ones, if somebody selects hundreds; the baseline has no colour of a trial's.
  const front = new Set([
    ...bestKeys,
    ...keysOf(curves, ({ colour }) => colour < 0),
    ...[...selectedKeys].slice(0, MOST_IN_COLOUR),
  ]);
  return { isCrowd: true, front, best: bestKeys, kept: front };
}

function keysOf(curves: readonly CurveSpec[], isMeant: (curve: CurveSpec) => boolean): Set<string> {
  return new Set(curves.filter(isMeant).map(({ key }) => key));
}

/** Points that are worth reading of each of so many curves: about two for each pixel of those in front, fewer in a crowd. */
export function crowdPoints(curves: number, most: number): number {
  return Math.min(most, Math.max(256, Math.round(25_000 / curves)));
}
