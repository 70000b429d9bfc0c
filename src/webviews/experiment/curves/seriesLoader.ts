/**
 * Reads points of curves from where the last reading ended. A long curve is first read reduced by the server; what
 * comes after it is appended as it is, until there is so much of it that it is reduced again.
 */
import type { SeriesState } from "../../../cluster/protocol/events.ts";
import type { ResultOf } from "../bridge.ts";
import { seriesKey } from "../store.ts";
import { Columns, type PointColumns } from "./columns.ts";

export type ReadSeries = (params: {
  trialId: string;
  group: string;
  name: string;
  rank: number;
  cursor: number;
  resolution: { points: number; fromStep: number | null; toStep: number | null } | null;
}) => Promise<ResultOf<"readSeries">>;

/** A curve up to this long is held as it is. */
const RAW_POINTS = 4000;
/** Minimum and maximum of each interval: twice the pixels of a wide chart. */
const REDUCED_POINTS = 2000;
const RETRY_MS = 2000;

interface Entry {
  state: SeriesState;
  columns: Columns;
  cursor: number;
  /** Revision that the points belong to; null when they must be read from the beginning. */
  revision: number | null;
  /** The announcement that was last answered by a reading from the beginning. */
  answered: number;
  reading: boolean;
  /** Set after a reading that failed, until it is tried again. */
  retry: ReturnType<typeof setTimeout> | null;
  /** The last reading failed, and that was told. */
  isFailing: boolean;
}
export interface LoaderEvents {
  /** While false nothing is read: what is still missing is wanted again when it is true. */
  isConnected: () => boolean;
  onPoints: (key: string) => void;
  onError: (error: unknown) => void;
}
/** A part of a long curve, read again for a zoom. */
interface Detail {
  fromStep: number;
  toStep: number;
  columns: Columns;
  cursor: number;
}

export class SeriesLoader {
  private readonly entries = new Map<string, Entry>();
  private readonly details = new Map<string, Detail>();
  private readonly read: ReadSeries;
  private readonly events: LoaderEvents;

  constructor(read: ReadSeries, events: LoaderEvents) {
    this.read = read;
    this.events = events;
  }

  /** Points as far as they were read; null when nothing was. */
  points(key: string): PointColumns | null {
    const entry = this.entries.get(key);
    return entry === undefined || entry.cursor === 0 ? null : entry.columns;
  }

  /** The same, in full detail between two steps where that was asked for and has come. */
  pointsWithin(key: string, fromStep: number, toStep: number): PointColumns | null {
    const detail = this.details.get(key);
    return detail !== undefined && detail.fromStep === fromStep && detail.toStep === toStep
      ? detail.columns
      : this.points(key);
  }

  /** This curve is on screen and is at `state`: reads what is missing. */
  want(state: SeriesState): void {
    const key = seriesKey(state);
    const entry = this.entries.get(key) ?? {
      state,
      columns: new Columns(),
      cursor: 0,
      revision: null,
      answered: state.revision,
      reading: false,
      retry: null,
      isFailing: false,
    };
    entry.state = state;
    this.entries.set(key, entry);
    if (entry.retry === null) void this.catchUp(key, entry);
  }

  /** Reads a zoomed part in detail, if what is held is a reduced reading. */
  wantDetail(state: SeriesState, fromStep: number, toStep: number): void {
    const key = seriesKey(state);
    const held = this.details.get(key);
    const entry = this.entries.get(key);
    if (entry === undefined || entry.cursor <= RAW_POINTS) return;
    const isSame = held?.fromStep === fromStep && held.toStep === toStep;
    if (isSame && (held.cursor === state.count || state.lastStep > toStep)) return;
    const detail = { fromStep, toStep, columns: isSame ? held.columns : new Columns(), cursor: state.count };
    if (isSame) this.details.set(key, detail);
    const { trialId, group, name, rank } = state;
    const resolution = { points: REDUCED_POINTS, fromStep, toStep };
    this.read({ trialId, group, name, rank, cursor: 0, resolution }).then((result) => {
      const columns = new Columns();
      columns.append(result.columns, result.count, result.cursor);
      this.details.set(key, { fromStep, toStep, columns, cursor: result.cursor });
      this.events.onPoints(key);
    }, this.events.onError);
  }

  private async catchUp(key: string, entry: Entry): Promise<void> {
    if (entry.reading || !this.events.isConnected()) return;
    entry.reading = true;
    try {
      while (entry.cursor < entry.state.count || mustStartAgain(entry)) {
        await this.readOnce(entry);
        this.events.onPoints(key);
      }
      entry.isFailing = false;
    } catch (error) {
      // Of a run that has ended nothing is announced any more: only the clock asks again.
      entry.retry = setTimeout(() => {
        entry.retry = null;
        void this.catchUp(key, entry);
      }, RETRY_MS);
      if (!entry.isFailing) this.events.onError(error);
      entry.isFailing = true;
    } finally {
      entry.reading = false;
    }
  }

  private async readOnce(entry: Entry): Promise<void> {
    const { trialId, group, name, rank, count, revision } = entry.state;
    const cursor = mustStartAgain(entry) || entry.columns.length > 2 * RAW_POINTS ? 0 : entry.cursor;
    const resolution =
      cursor === 0 && count > RAW_POINTS ? { points: REDUCED_POINTS, fromStep: null, toStep: null } : null;
    const result = await this.read({ trialId, group, name, rank, cursor, resolution });
    if (cursor === 0) {
      entry.columns.clear();
      entry.revision = result.revision;
      entry.answered = revision;
    } else if (result.revision !== entry.revision) {
      entry.revision = null;
      return;
    }
    entry.columns.append(result.columns, result.count, result.cursor);
    // A server that is behind its own announcement must not be asked in a circle.
    entry.cursor = result.count === 0 ? Math.max(result.cursor, count) : result.cursor;
  }
}

/** Points before the cursor changed: since the last reading, or it was announced and is not read yet. */
function mustStartAgain(entry: Entry): boolean {
  const { revision, answered, state } = entry;
  return revision === null ? entry.cursor > 0 : state.revision !== revision && state.revision !== answered;
}
