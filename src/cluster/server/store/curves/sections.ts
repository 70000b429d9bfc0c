/** A curve as the parts of it that are reduced each on its own: of each run what still counts, and what is superseded. Pure. */
import type { Params } from "../../../protocol/methods.ts";
import type { Filter, Selectable } from "./select.ts";

type Range = Omit<NonNullable<Params<"series/read">["resolution"]>, "points">;

export const NOTHING_LEFT_OUT: Range = { fromStep: null, toStep: null };

export interface Section<P extends Selectable = Selectable> {
  part: P;
  /** Which run of the curve it is of. */
  order: number;
  filter: Filter;
  isSuperseded: boolean;
}

/**
 * So that the spike of a superseded stretch does not stand for one that counts.
 * @param limits for each attempt the step beyond which its points are superseded
 * @param cursor points of the whole curve before it are not meant
 */
export function sections<P extends Selectable>(
  parts: readonly { attempt: number; part: P }[],
  limits: ReadonlyMap<number, number>,
  cursor: number,
  range: Range,
): Section<P>[] {
  const found: Section<P>[] = [];
  let start = 0;
  parts.forEach(({ attempt, part }, order) => {
    const limit = limits.get(attempt) ?? Infinity;
    const filter: Filter = {
      fromIndex: Math.max(0, cursor - start),
      fromStep: range.fromStep ?? -Infinity,
      toStep: range.toStep ?? Infinity,
      isFromStepOpen: false,
      fromTime: range.fromTimeMs ?? -Infinity,
      toTime: range.toTimeMs ?? Infinity,
    };
    start += part.pyramid.count;
    found.push({
      part,
      order,
      filter: { ...filter, toStep: Math.min(filter.toStep, limit) },
      isSuperseded: false,
    });
    if (limit < filter.toStep)
      found.push({
        part,
        order,
        filter: filter.fromStep > limit ? filter : { ...filter, fromStep: limit, isFromStepOpen: true },
        isSuperseded: true,
      });
  });
  return found;
}
