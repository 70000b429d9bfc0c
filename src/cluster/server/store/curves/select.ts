/** Fewer points for the same picture, from a pyramid: of each stretch the lowest, the highest and the first that is no number. Pure. */
import type { Points } from "./columns.ts";
import {
  addToBucket,
  BUCKET_FIELDS,
  BUCKET_POINTS,
  childrenOf,
  clearBucket,
  HIGH,
  LOW,
  mergeBucket,
  sizeOf,
  STEPS,
  TIMES,
  type Pyramid,
} from "./pyramid.ts";
import { Picks, POINT_FIELDS, Stretches } from "./stretches.ts";

/** Which points are meant: all limits hold together, and both ends belong to them but where it says otherwise. */
export interface Filter {
  fromIndex: number;
  fromStep: number;
  toStep: number;
  /** The point at `fromStep` itself is not meant. */
  isFromStepOpen: boolean;
  fromTime: number;
  toTime: number;
}

export interface Selectable {
  readonly pyramid: Pyramid;
  /** The points of these indexes. */
  read(from: number, to: number): Points;
}

/** Buckets of one level next to each other, or one bucket that is not meant as a whole. */
interface Item {
  /** Points of the curve that it covers: [from, to). */
  from: number;
  to: number;
  level: number;
  /** The first of them. */
  bucket: number;
  /** Some of its points may not be meant. */
  isPartial: boolean;
}

/** Points that are meant, or up to some hundreds more: cheap, to share a limit among several curves. */
export function estimate(source: Selectable, filter: Filter): number {
  return cover(source.pyramid, filter, Infinity).reduce((sum, { from, to }) => sum + to - from, 0);
}

/** While level 0 has at least this share of the buckets that a reading wants, points are not read: a bucket is that much coarser. */
const COARSEST = 1 / 2;

/**
 * At most `limit` (5 or more) of the points that are meant, in order of arrival; all of them when they are no more. The first
 * and the last one are always among them, and of each stretch between the lowest, the highest and the first that is NaN or infinite.
 */
export function select(source: Selectable, filter: Filter, limit: number): Picks {
  const { pyramid } = source;
  const about = estimate(source, filter);
  const perStretch = pyramid.notNumbers > 0 ? 3 : 2;
  const stretches = Math.max(1, Math.floor((limit - 2) / perStretch));
  const isFromPoints = about <= Math.max(limit, stretches * BUCKET_POINTS * COARSEST);
  const items = cover(pyramid, filter, isFromPoints ? BUCKET_POINTS : about / stretches);

  // What is meant of a bucket that is not meant as a whole has to be looked up.
  const lookedUp = new Map<Item, Picks>();
  let total = 0;
  let first: Item | null = null;
  let last: Item | null = null;
  for (const item of items) {
    const points = item.isPartial ? meantOf(source, filter, item.from, item.to) : null;
    if (points !== null) lookedUp.set(item, points);
    const count = points?.count ?? item.to - item.from;
    if (count === 0) continue;
    total += count;
    first ??= item;
    last = item;
  }
  if (first === null || last === null) return new Picks(0);
  if (total <= limit) {
    const all = new Picks(total);
    for (const item of items)
      eachMeant(source, item, lookedUp, (index, step, time, value) => all.add(index, step, time, value));
    return all;
  }
  const reduced = new Stretches(total, stretches, lookedUp.get(first)?.at(0) ?? pointAt(source, first.from));
  for (const item of items) {
    if (isFromPoints || item.isPartial)
      eachMeant(source, item, lookedUp, (index, step, time, value) =>
        reduced.addPoint(index, step, time, value),
      );
    else eachBucket(pyramid, item, (numbers, at, count) => reduced.addBucket(numbers, at, count));
  }
  const lastPoints = lookedUp.get(last);
  return reduced.finish(lastPoints?.at(lastPoints.count - 1) ?? pointAt(source, last.to - 1));
}

/** The lowest and the highest value of what is meant; null when no value is a number. */
export function extremes(source: Selectable, filter: Filter): { low: number[]; high: number[] } | null {
  const found = new Float64Array(BUCKET_FIELDS);
  clearBucket(found, 0);
  for (const item of cover(source.pyramid, filter, Infinity)) {
    if (!item.isPartial) {
      eachBucket(source.pyramid, item, (numbers, at) => mergeBucket(found, 0, numbers, at));
      continue;
    }
    const { numbers, count } = meantOf(source, filter, item.from, item.to);
    eachPoint(numbers, count, (index, step, time, value) => addToBucket(found, 0, index, step, time, value));
  }
  if ((found[LOW] ?? -1) < 0) return null;
  return { low: [...found.subarray(LOW, LOW + 4)], high: [...found.subarray(HIGH, HIGH + 4)] };
}

function meantOf(source: Selectable, filter: Filter, from: number, to: number): Picks {
  const points = new Picks();
  addMeant(points, source.read(from, to), from, filter);
  return points;
}

type EachPoint = (index: number, step: number, time: number, value: number) => void;

function eachMeant(
  source: Selectable,
  item: Item,
  lookedUp: ReadonlyMap<Item, Picks>,
  each: EachPoint,
): void {
  const points = lookedUp.get(item);
  if (points !== undefined) {
    eachPoint(points.numbers, points.count, each);
    return;
  }
  const { step, time, value } = source.read(item.from, item.to);
  for (let at = 0; at < step.length; at++)
    each(item.from + at, step[at] ?? NaN, time[at] ?? NaN, value[at] ?? NaN);
}

function eachBucket(
  pyramid: Pyramid,
  { level, bucket, from, to }: Item,
  each: (numbers: Float64Array, at: number, points: number) => void,
): void {
  const numbers = pyramid.level(level, bucket);
  const size = sizeOf(level);
  for (let at = bucket * BUCKET_FIELDS, left = to - from; left > 0; at += BUCKET_FIELDS, left -= size)
    each(numbers, at, Math.min(size, left));
}

function eachPoint(numbers: Float64Array, count: number, each: EachPoint): void {
  for (let at = 0; at < count * POINT_FIELDS; at += POINT_FIELDS)
    each(numbers[at] ?? -1, numbers[at + 1] ?? NaN, numbers[at + 2] ?? NaN, numbers[at + 3] ?? NaN);
}

function pointAt(source: Selectable, index: number): number[] {
  const { step, time, value } = source.read(index, index + 1);
  return [index, step[0] ?? NaN, time[0] ?? NaN, value[0] ?? NaN];
}

function addMeant(into: Picks, points: Points, firstIndex: number, filter: Filter): void {
  const { step, time, value } = points;
  const { fromStep, toStep, isFromStepOpen, fromTime, toTime } = filter;
  for (let at = 0; at < step.length; at++) {
    const x = step[at] ?? NaN;
    const t = time[at] ?? NaN;
    if (firstIndex + at < filter.fromIndex || x < fromStep || x > toStep || t < fromTime || t > toTime)
      continue;
    if (isFromStepOpen && x === fromStep) continue;
    into.add(firstIndex + at, x, t, value[at] ?? NaN);
  }
}

/** The largest buckets, of at most `largest` points where there is a choice, that have all that is meant; in order. */
function cover(pyramid: Pyramid, filter: Filter, largest: number): Item[] {
  const items: Item[] = [];
  const add = (item: Item): void => {
    const last = items.at(-1);
    const isNext = last?.to === item.from && last.level === item.level;
    if (isNext && !last.isPartial && !item.isPartial) last.to = item.to;
    else items.push(item);
  };
  const visit = (level: number, bucket: number): void => {
    const { from, to } = pyramid.span(level, bucket);
    const meant = howMuchOf(pyramid.level(level, bucket), bucket * BUCKET_FIELDS, from, to, filter);
    if (meant === "none") return;
    if (meant === "all") {
      // All that is below it is meant, too.
      let fine = level;
      while (fine > 0 && sizeOf(fine) > largest) fine--;
      add({ from, to, level: fine, bucket: from / sizeOf(fine), isPartial: false });
    } else if (level === 0) add({ from, to, level, bucket, isPartial: true });
    else {
      const children = childrenOf(bucket);
      for (let child = children.from; child < children.to; child++) visit(level - 1, child);
    }
  };
  let next = 0;
  for (let level = pyramid.top; level >= 0; level--) {
    const buckets = pyramid.buckets(level);
    for (let bucket = next; bucket < buckets; bucket++) visit(level, bucket);
    next = childrenOf(Math.max(next, buckets)).from;
  }
  return items;
}

function howMuchOf(
  numbers: Float64Array,
  at: number,
  from: number,
  to: number,
  filter: Filter,
): "none" | "some" | "all" {
  const lowStep = numbers[at + STEPS] ?? NaN;
  const highStep = numbers[at + STEPS + 1] ?? NaN;
  const lowTime = numbers[at + TIMES] ?? NaN;
  const highTime = numbers[at + TIMES + 1] ?? NaN;
  const { fromIndex, fromStep, toStep, isFromStepOpen, fromTime, toTime } = filter;
  const isBefore = highStep < fromStep || (isFromStepOpen && highStep === fromStep);
  if (to <= fromIndex || isBefore || lowStep > toStep || highTime < fromTime || lowTime > toTime)
    return "none";
  const isAfter = lowStep > fromStep || (!isFromStepOpen && lowStep === fromStep);
  return from >= fromIndex && isAfter && highStep <= toStep && lowTime >= fromTime && highTime <= toTime
    ? "all"
    : "some";
}
