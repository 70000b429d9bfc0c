/** All curves of one trial: what those of its runs add up to, in the order of the runs. */
import type { Params, Result } from "../../../protocol/methods.ts";
import type { Series, SeriesState } from "../../../protocol/events.ts";
import type { CurveName, CurvePart } from "./curvePart.ts";
import { NOTHING_LEFT_OUT, sections, type Section } from "./sections.ts";
import { curveId, type RunCurves } from "./runCurves.ts";
import { estimate, extremes, select } from "./select.ts";
import { BUCKET_FIELDS, STEPS } from "./pyramid.ts";
import { Picks, POINT_FIELDS } from "./stretches.ts";

/** Points of one answer without reduction. */
export const POINTS_PER_READ = 100_000;

type Resolution = Params<"series/read">["resolution"];

interface Curve {
  name: CurveName;
  parts: { attempt: number; part: CurvePart }[];
}

export class TrialCurves {
  readonly trialId: string;
  /** By attempt. */
  readonly #runs: RunCurves[];
  /** How often points were added before others. */
  #moved = 0;

  constructor(trialId: string, runs: RunCurves[]) {
    this.trialId = trialId;
    this.#runs = runs;
  }

  get byteLength(): number {
    return this.#runs.reduce((sum, run) => sum + run.byteLength, 0);
  }
  get runs(): readonly RunCurves[] {
    return this.#runs;
  }

  /** When the first system sample was taken, ms since the epoch: the zero of the group `system`. */
  get systemStartMs(): number | null {
    for (const { parts } of this.#runs)
      for (const { name, part } of parts.values())
        if (name.group === "system" && part.count > 0) {
          const { step, time } = part.read(0, 1);
          return (time[0] ?? 0) - (step[0] ?? 0) * 1000;
        }
    return null;
  }

  add(run: RunCurves): void {
    this.#runs.push(run);
    this.#runs.sort((a, b) => a.attempt - b.attempt);
    if (this.#runs.at(-1) !== run) this.#moved++;
  }

  /** A run has reported. Points of one that is not the last move those of later runs. */
  hasGrown(run: RunCurves): void {
    if (this.#runs.at(-1) !== run) this.#moved++;
  }

  list(): SeriesState[] {
    return [...this.#curves().values()].flatMap(({ name, parts }) => {
      const last = parts.findLast(({ part }) => part.count > 0)?.part;
      if (last === undefined) return [];
      const { step, time, value } = last.read(last.count - 1, last.count);
      return {
        trialId: this.trialId,
        ...name,
        revision: this.#revisionOf(name),
        count: countOf(parts),
        lastStep: step[0] ?? NaN,
        lastValue: value[0] ?? NaN,
        lastAt: time[0] ?? NaN,
      };
    });
  }

  read(series: Series, cursor: number, resolution: Resolution): Result<"series/read"> {
    const curve = this.#curve(curveId(series));
    if (curve === undefined) return { columns: new Uint8Array(), count: 0, cursor: 0, total: 0, revision: 0 };
    const total = countOf(curve.parts);
    const revision = this.#revisionOf(curve.name);
    const limits = this.#limits(curve.name);
    if (resolution === null) {
      const next = Math.max(cursor, Math.min(total, cursor + POINTS_PER_READ));
      const columns = raw(curve, cursor, next, limits);
      return { columns, count: columns.byteLength / 32, cursor: next, total, revision };
    }
    const columns = reduced(sections(curve.parts, limits, cursor, resolution), resolution.points);
    return { columns, count: columns.byteLength / 32, cursor: total, total, revision };
  }

  best(
    group: string,
    name: string,
    smallerIsBetter: boolean,
  ): { value: number; step: number; at: number } | null {
    const curve = this.#curve(curveId({ group, name, rank: 0 }));
    if (curve === undefined) return null;
    let best: { value: number; step: number; at: number } | null = null;
    for (const { part, filter, isSuperseded } of sections(
      curve.parts,
      this.#limits(curve.name),
      0,
      NOTHING_LEFT_OUT,
    )) {
      const found = isSuperseded ? null : extremes(part, filter);
      if (found === null) continue;
      const [, step = NaN, at = NaN, value = NaN] = smallerIsBetter ? found.low : found.high;
      if (best === null || (smallerIsBetter ? value < best.value : value > best.value))
        best = { value, step, at };
    }
    return best;
  }

  valuesAt(attempt: number, at: number): Map<string, number> {
    const values = new Map<string, number>();
    const run = this.#runs.find((one) => one.attempt === attempt);
    for (const { name, part } of run?.parts.values() ?? []) {
      if (name.rank !== 0 || name.group === "system") continue;
      const value = lastValueAt(part, at);
      if (value !== null) values.set(`${name.group}/${name.name}`, value);
    }
    return values;
  }

  /** Of one alone: a trial may have ten thousand, each of which is read. */
  #curve(id: string): Curve | undefined {
    const found = this.#runs.flatMap(({ attempt, parts }) => {
      const one = parts.get(id);
      return one === undefined ? [] : [{ ...one, attempt }];
    });
    const [first] = found;
    return first && { name: first.name, parts: found };
  }

  #curves(): Map<string, Curve> {
    const curves = new Map<string, Curve>();
    for (const { attempt, parts } of this.#runs)
      for (const [id, { name, part }] of parts) {
        const curve = curves.get(id);
        if (curve === undefined) curves.set(id, { name, parts: [{ attempt, part }] });
        else curve.parts.push({ attempt, part });
      }
    return curves;
  }

  #revisionOf({ group }: CurveName): number {
    const superseded = this.#runs.reduce((sum, { supersedes }) => sum + supersedes, 0);
    return group === "system" ? this.#moved : this.#moved + superseded;
  }

  /** For each attempt the step beyond which its points are superseded: the lowest that a later attempt went on from. */
  #limits({ group }: CurveName): Map<number, number> {
    const limits = new Map<number, number>();
    if (group === "system") return limits;
    let lowest = Infinity;
    for (const { attempt, supersede } of [...this.#runs].reverse()) {
      limits.set(attempt, lowest);
      lowest = Math.min(lowest, supersede ?? Infinity);
    }
    return limits;
  }
}

function countOf(parts: Curve["parts"]): number {
  return parts.reduce((sum, { part }) => sum + part.count, 0);
}

/** Points [from, to) of all parts as they are. */
function raw({ parts }: Curve, from: number, to: number, limits: ReadonlyMap<number, number>): Uint8Array {
  const count = Math.max(0, to - from);
  const packed = new Float64Array(count * 4);
  let start = 0;
  for (const { attempt, part } of parts) {
    const first = Math.max(from, start);
    const last = Math.min(to, start + part.count);
    if (first < last) {
      const { step, time, value } = part.read(first - start, last - start);
      packed.set(step, first - from);
      packed.set(time, count + first - from);
      packed.set(value, 2 * count + first - from);
      const limit = limits.get(attempt) ?? Infinity;
      for (let at = 0; at < step.length; at++)
        packed[3 * count + first - from + at] = (step[at] ?? NaN) > limit ? 1 : 0;
    }
    start += part.count;
  }
  return new Uint8Array(packed.buffer);
}

/** Fewer than this cannot show the ends and the extremes. */
const LEAST_POINTS = 5;

function reduced(all: readonly Section[], limit: number): Uint8Array {
  const counted = all
    .map((section) => ({ section, about: estimate(section.part, section.filter) }))
    .filter(({ about }) => about > 0);
  const total = counted.reduce((sum, { about }) => sum + about, 0);
  const spare = Math.max(0, limit - LEAST_POINTS * counted.length);
  const picked = counted.map(({ section, about }) => ({
    section,
    picks: select(section.part, section.filter, LEAST_POINTS + Math.floor((spare * about) / total)),
  }));
  const [only] = picked;
  if (only !== undefined && picked.length === 1 && only.picks.count <= limit)
    return packed(only.picks, () => only.section.isSuperseded);
  const rows = picked.flatMap(({ section, picks }) =>
    Array.from({ length: picks.count }, (_, at) => ({ point: picks.at(at), section })),
  );
  // What a run has of both kinds comes in the order in which it was reported.
  rows.sort((a, b) => a.section.order - b.section.order || (a.point[0] ?? 0) - (b.point[0] ?? 0));
  // So few, or so many runs, that not each can have its share: the ends.
  const kept = rows.length <= limit ? rows : [...rows.slice(0, limit - 1), ...rows.slice(-1)];
  const picks = new Picks(kept.length);
  for (const { point } of kept) picks.addNumbers(point, 0);
  return packed(picks, (at) => kept[at]?.section.isSuperseded === true);
}

/** As points travel: steps, times, values, and whether each is superseded. */
function packed({ numbers, count }: Picks, isSuperseded: (at: number) => boolean): Uint8Array {
  const columns = new Float64Array(count * 4);
  for (let at = 0; at < count; at++) {
    columns[at] = numbers[at * POINT_FIELDS + 1] ?? NaN;
    columns[count + at] = numbers[at * POINT_FIELDS + 2] ?? NaN;
    columns[2 * count + at] = numbers[at * POINT_FIELDS + 3] ?? NaN;
    columns[3 * count + at] = isSuperseded(at) ? 1 : 0;
  }
  return new Uint8Array(columns.buffer);
}

function lastValueAt(part: CurvePart, at: number): number | null {
  const { pyramid } = part;
  for (let bucket = pyramid.buckets(0) - 1; bucket >= 0; bucket--) {
    const place = bucket * BUCKET_FIELDS + STEPS;
    const base = pyramid.level(0, bucket);
    if (at < (base[place] ?? NaN) || at > (base[place + 1] ?? NaN)) continue;
    const { from, to } = pyramid.span(0, bucket);
    const { step, value } = part.read(from, to);
    const found = step.lastIndexOf(at);
    if (found >= 0) return value[found] ?? NaN;
  }
  return null;
}
