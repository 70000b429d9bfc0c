/** The curves that are known, from lists and from live notifications, whichever is newer. Pure. */
import type { SeriesState } from "../../cluster/protocol/events.ts";
import { postableSeries } from "./postable.ts";

export class SeriesBook {
  readonly #series = new Map<string, SeriesState>();

  static key(series: Pick<SeriesState, "trialId" | "group" | "name" | "rank">): string {
    return JSON.stringify([series.trialId, series.group, series.name, series.rank]);
  }

  /** An answer may be older than a notification that came while it was on its way. */
  listed(series: readonly SeriesState[]): void {
    for (const one of series) {
      const known = this.#series.get(SeriesBook.key(one));
      if (
        !known ||
        one.revision > known.revision ||
        (one.revision === known.revision && one.count > known.count)
      )
        this.#series.set(SeriesBook.key(one), one);
    }
  }

  live(series: readonly SeriesState[]): void {
    for (const one of series) this.#series.set(SeriesBook.key(one), one);
  }

  of(trialIds: readonly string[]): SeriesState[] {
    const wanted = new Set(trialIds);
    return [...this.#series.values()].filter(({ trialId }) => wanted.has(trialId)).map(postableSeries);
  }
}
