/** The trials of a very large search, as far as its page has asked for them: the best, and the best of what matched a filter. */
import type { MirrorReader } from "../../cluster/client/mirror/reader.ts";

/** What a table is first filled with. */
const FIRST = 1000;
/** A step of `more`, and what a filter brings. */
const STEP = 1000;

export class PartialTrials {
  readonly #experimentId: number;
  /** By filter: how many of the best that match have been read. */
  readonly #read = new Map<string, number>();

  constructor(experimentId: number) {
    this.#experimentId = experimentId;
  }

  /** They are in the mirror when this resolves. After a new snapshot of the pool they are read again. */
  async readBest(reader: MirrorReader): Promise<void> {
    this.#read.clear();
    await this.#next(reader, "", FIRST);
  }

  async answer(
    reader: MirrorReader,
    { filter, more }: { filter: string; more: boolean },
  ): Promise<{ total: number }> {
    const isNew = !this.#read.has(filter.trim());
    // What is known already is asked for again all the same: how many match may have changed.
    if (!isNew && !more) return { total: await this.#count(reader, filter) };
    return { total: await this.#next(reader, filter, STEP) };
  }

  async #next(reader: MirrorReader, text: string, limit: number): Promise<number> {
    const filter = text.trim();
    const offset = this.#read.get(filter) ?? 0;
    const { ids, total } = await reader.trials({ experimentId: this.#experimentId, filter, offset, limit });
    this.#read.set(filter, offset + ids.length);
    return total;
  }

  async #count(reader: MirrorReader, filter: string): Promise<number> {
    return (await reader.trials({ experimentId: this.#experimentId, filter, limit: 1 })).total;
  }
}
