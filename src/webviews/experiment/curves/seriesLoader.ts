/**
 * Reads points of curves from where the last reading ended, those of many curves at once. A long curve is first read reduced by
 * the server; what comes after it is appended as it is, until there is so much of it that it is reduced again.
 */
import type { SeriesState } from "../../../cluster/protocol/events.ts";
import { seriesKey } from "../store.ts";
import { Columns, type PointColumns } from "./columns.ts";
import { covers, padded, type XRange } from "./xRange.ts";

export interface SeriesRead {
  trialId: string;
  group: string;
  name: string;
  rank: number;
  cursor: number;
  resolution: {
    points: number;
    fromStep: number | null;
    toStep: number | null;
    fromTimeMs: number | null;
    toTimeMs: number | null;
  } | null;
}
export interface SeriesAnswer {
  columns: ArrayBuffer;
  /** Where this curve's begin in it. */
  byteOffset?: number;
  count: number;
  cursor: number;
  revision: number;
}
/** Answers the first of them, at least one, in order; an error is that of one alone. */
export type ReadSeries = (reads: readonly SeriesRead[]) => Promise<(SeriesAnswer | Error)[]>;

/** Lowest and highest of each interval: twice the pixels of a wide chart. */
export const FULL_POINTS = 2000;
/** A curve of this many times the wanted points is held as it is. */
const RAW_FACTOR = 2;
const MOST_AT_ONCE = 1000;
const RETRY_MS = 2000;

interface Entry {
  state: SeriesState;
  columns: Columns;
  cursor: number;
  /** Revision that the points belong to; null when they must be read from the beginning. */
  revision: number | null;
  /** The announcement that was last answered by a reading from the beginning. */
  answered: number;
  /** Points that are wanted, and those that the last reading from the beginning asked for. */
  points: number;
  asked: number;
  isReduced: boolean;
  /** The last reading failed, and that was told. */
  isFailing: boolean;
}
/** A part of a long curve, read again for a zoom. */
interface Detail {
  range: XRange;
  columns: Columns;
  cursor: number;
}
interface WantedDetail {
  range: XRange;
  points: number;
}
export interface LoaderEvents {
  /** While false nothing is read: what is still missing is wanted again when it is true. */
  isConnected: () => boolean;
  onPoints: (keys: ReadonlySet<string>) => void;
  onError: (error: unknown) => void;
}
interface Task {
  key: string;
  entry: Entry;
  read: SeriesRead;
  take: (answer: SeriesAnswer) => void;
}

export class SeriesLoader {
  private readonly entries = new Map<string, Entry>();
  private readonly details = new Map<string, Detail>();
  private readonly wantedDetails = new Map<string, WantedDetail>();
  private readonly read: ReadSeries;
  private readonly events: LoaderEvents;
  private isReading = false;
  /** What failed is not asked again before it has run out. */
  private retry: ReturnType<typeof setTimeout> | null = null;
  private readonly resting = new Set<Entry>();

  constructor(read: ReadSeries, events: LoaderEvents) {
    this.read = read;
    this.events = events;
  }

  /** Points as far as they were read; null when nothing was. */
  points(key: string): PointColumns | null {
    const entry = this.entries.get(key);
    return entry === undefined || entry.cursor === 0 ? null : entry.columns;
  }

  /** The same, in full detail between two places where that was asked for and has come. */
  pointsWithin(key: string, range: XRange): PointColumns | null {
    const detail = this.details.get(key);
    const isRaw = this.entries.get(key)?.isReduced === false;
    return detail !== undefined && !isRaw && covers(detail.range, range) ? detail.columns : this.points(key);
  }

  /** This curve is on screen and is at `state`: reads what is missing. @param points of a long one at most about so many */
  want(state: SeriesState, points = FULL_POINTS): void {
    const key = seriesKey(state);
    const entry = this.entries.get(key);
    if (entry !== undefined) Object.assign(entry, { state, points });
    else
      this.entries.set(key, {
        state,
        points,
        columns: new Columns(),
        cursor: 0,
        revision: null,
        answered: state.revision,
        asked: 0,
        isReduced: false,
        isFailing: false,
      });
    void this.catchUp();
  }

  /** Reads a zoomed part in detail, and some on both sides of it, if what is held is a reduced reading. */
  wantDetail(state: SeriesState, range: XRange, points = FULL_POINTS): void {
    const key = seriesKey(state);
    const entry = this.entries.get(key);
    if (entry === undefined || (entry.cursor > 0 ? !entry.isReduced : state.count <= points * RAW_FACTOR))
      return;
    const held = this.details.get(key);
    if (held !== undefined && covers(held.range, range)) {
      const isWhole =
        held.cursor === state.count || (range.kind === "step" && state.lastStep > held.range.to);
      const isFine = held.range.to - held.range.from <= 4 * (range.to - range.from);
      if (isWhole && isFine) {
        this.wantedDetails.delete(key);
        return;
      }
    }
    this.wantedDetails.set(key, { range: padded(range), points: 2 * points });
    void this.catchUp();
  }

  /** These are not shown any more: nothing of them is held. */
  drop(keys: Iterable<string>): void {
    for (const key of keys) {
      this.entries.delete(key);
      this.details.delete(key);
      this.wantedDetails.delete(key);
    }
  }

  private async catchUp(): Promise<void> {
    if (this.isReading || !this.events.isConnected()) return;
    this.isReading = true;
    // What is wanted together is read together.
    await Promise.resolve();
    for (let tasks = this.tasks(); tasks.length > 0; tasks = this.tasks()) await this.readOnce(tasks);
    this.isReading = false;
  }

  private async readOnce(tasks: readonly Task[]): Promise<void> {
    let answers: (SeriesAnswer | Error)[];
    try {
      answers = await this.read(tasks.map(({ read }) => read));
    } catch (error) {
      answers = tasks.map(() => (error instanceof Error ? error : new Error(String(error))));
    }
    const keys = new Set<string>();
    let problem: unknown = null;
    answers.forEach((answer, index) => {
      const task = tasks[index];
      if (task === undefined || this.entries.get(task.key) !== task.entry) return;
      try {
        if (answer instanceof Error) throw answer;
        task.take(answer);
        task.entry.isFailing = false;
        keys.add(task.key);
      } catch (error) {
        if (!task.entry.isFailing) problem = error;
        task.entry.isFailing = true;
        this.restABit(task.entry);
      }
    });
    if (keys.size > 0) this.events.onPoints(keys);
    if (problem !== null) this.events.onError(problem);
  }

  /** Of a run that has ended nothing is announced any more: only the clock asks again. */
  private restABit(entry: Entry): void {
    this.resting.add(entry);
    this.retry ??= setTimeout(() => {
      this.retry = null;
      this.resting.clear();
      void this.catchUp();
    }, RETRY_MS);
  }

  /** Whole curves before details: what is not there yet is missed most. */
  private tasks(): Task[] {
    const tasks: Task[] = [];
    for (const [key, entry] of this.entries) {
      if (tasks.length === MOST_AT_ONCE) return tasks;
      if (this.resting.has(entry)) continue;
      if (entry.cursor < entry.state.count || mustStartAgain(entry)) tasks.push(this.catchUpTask(key, entry));
    }
    for (const [key, wanted] of this.wantedDetails) {
      if (tasks.length === MOST_AT_ONCE) return tasks;
      const entry = this.entries.get(key);
      if (entry !== undefined && !this.resting.has(entry)) tasks.push(this.detailTask(key, entry, wanted));
    }
    return tasks;
  }

  private catchUpTask(key: string, entry: Entry): Task {
    const { count, revision } = entry.state;
    const { points } = entry;
    const isTooLong = entry.columns.length > 2 * RAW_FACTOR * points;
    const cursor = mustStartAgain(entry) || isTooLong ? 0 : entry.cursor;
    const isReduced = cursor === 0 && count > points * RAW_FACTOR;
    const read = readOf(entry.state, cursor, isReduced ? { points, range: null } : null);
    return {
      key,
      entry,
      read,
      take: (answer) => {
        if (cursor === 0) {
          entry.columns = new Columns();
          entry.revision = answer.revision;
          entry.answered = revision;
          entry.asked = points;
          entry.isReduced = isReduced;
        } else if (answer.revision !== entry.revision) {
          entry.revision = null;
          return;
        }
        entry.columns.append(answer.columns, answer.count, answer.cursor, answer.byteOffset);
        // A server that is behind its own announcement must not be asked in a circle.
        entry.cursor = answer.count === 0 ? Math.max(answer.cursor, count) : answer.cursor;
      },
    };
  }

  private detailTask(key: string, entry: Entry, wanted: WantedDetail): Task {
    return {
      key,
      entry,
      read: readOf(entry.state, 0, wanted),
      take: (answer) => {
        const columns = new Columns();
        columns.append(answer.columns, answer.count, answer.cursor, answer.byteOffset);
        this.details.set(key, { range: wanted.range, columns, cursor: answer.cursor });
        if (this.wantedDetails.get(key) === wanted) this.wantedDetails.delete(key);
      },
    };
  }
}

function readOf(
  { trialId, group, name, rank }: SeriesState,
  cursor: number,
  reduced: { points: number; range: XRange | null } | null,
): SeriesRead {
  const step = reduced?.range?.kind === "step" ? reduced.range : null;
  const time = reduced?.range?.kind === "time" ? reduced.range : null;
  const resolution = reduced && {
    points: reduced.points,
    fromStep: step?.from ?? null,
    toStep: step?.to ?? null,
    fromTimeMs: time?.from ?? null,
    toTimeMs: time?.to ?? null,
  };
  return { trialId, group, name, rank, cursor, resolution };
}

/** Points before the cursor changed: since the last reading, or it was announced and is not read yet; or more of them are wanted. */
function mustStartAgain(entry: Entry): boolean {
  const { revision, answered, state } = entry;
  if (revision === null) return entry.cursor > 0;
  if (state.revision !== revision && state.revision !== answered) return true;
  return entry.isReduced && entry.points > 1.5 * entry.asked;
}
