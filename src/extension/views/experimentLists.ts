/**
 * The lists of the experiments tree: from what the mirrors hold where they hold all of it, else read page by page. Under a filter
 * the pool says what matches, since it knows the trials that nobody has looked at.
 */
import type { MirrorChange, PoolMirror } from "../../cluster/client/mirror.ts";
import type { MirrorReader, Page } from "../../cluster/client/mirror/reader.ts";
import { type ExperimentsFilter, heldList, type ListName, type Listed, listKey, PAGE_ROWS } from "./nodes.ts";
import { PagedList } from "./pagedList.ts";
import { GROUPS } from "./states.ts";

/** The most that one answer of the pool has. */
const A_CALL = 500;

/** A pool, as far as lists need it. */
export interface ListedPool {
  readonly id: string;
  readonly mirror: PoolMirror | null;
  reader(): Promise<MirrorReader>;
  /** Null while it is connected: else why it cannot be asked. */
  whyNot(): string | null;
}

interface Of {
  poolId: string;
  experimentId: number;
}

export class ExperimentLists {
  readonly #changed: (of: Of, list: ListName) => void;
  readonly #paged = new Map<string, { of: Of; rows: PagedList<string> | PagedList<number> }>();
  /** Rows of lists that the mirror holds. */
  readonly #rows = new Map<string, number>();

  /** @param changed a list has something new to show; number 0 is the list of experiments */
  constructor(changed: (of: Of, list: ListName) => void) {
    this.#changed = changed;
  }

  /** Experiments of a pool that pass, the newest first, those of the open folders before those of others. */
  experiments(pool: ListedPool, filter: ExperimentsFilter): Listed<number> {
    const { mirror } = pool;
    if (mirror === null) return { ids: [], hidden: 0, isBusy: false, problem: null };
    const folders = filter.showAll || filter.folders.isEmpty ? null : filter.folders.paths;
    const of = { poolId: pool.id, experimentId: 0 };
    if (filter.text !== "")
      return this.#pagedList<number>(of, ALL, pool, async (count) =>
        readExperiments(await pool.reader(), { folders, filter: filter.text }, null, count),
      ).show();
    const isHere = new Map(
      [...mirror.experiments.values()].map((one) => [one.id, filter.folders.has(one)] as const),
    );
    const held = [...isHere]
      .filter(([, here]) => folders === null || here)
      .sort(([a, hereA], [b, hereB]) => Number(hereB) - Number(hereA) || b - a)
      .map(([id]) => id);
    const wanted = this.#rowsOf(of, ALL);
    const { from } = mirror;
    if (from <= 1) return { ...cut(held, wanted), isBusy: false, problem: null };
    // Those before the oldest that is held are read when the others do not fill the list.
    const missing = wanted - held.filter((id) => id >= from).length;
    const older = this.#pagedList<number>(of, ALL, pool, async (count) =>
      readExperiments(await pool.reader(), { folders }, from, count),
    ).show(Math.max(1, missing));
    const ids = held.slice(0, wanted);
    // Who was held before, though old, is among the older ones too.
    const heldOlder = new Set(held.filter((id) => id < from));
    const unread =
      older.hidden === null
        ? 0
        : older.hidden - [...heldOlder].filter((id) => !older.ids.includes(id)).length;
    return { ...older, ids, hidden: Math.max(0, held.length - ids.length + Math.max(0, unread)) };
  }

  /** A list under an experiment. */
  under(pool: ListedPool, of: Of, list: ListName, text: string): Listed<string> {
    const { mirror } = pool;
    if (mirror === null) return { ids: [], hidden: 0, isBusy: false, problem: null };
    const { group, trialId } = list;
    if (trialId !== null) {
      if (mirror.isWholeTrial(trialId)) return heldList(mirror, of.experimentId, list, Infinity);
      const read = async (): Promise<Page<string>> => {
        await (await pool.reader()).trial(trialId);
        return { ids: [], total: 0 };
      };
      return this.#pagedList(of, list, pool, read).show();
    }
    if (text === "" && mirror.isWhole(of.experimentId))
      return heldList(mirror, of.experimentId, list, this.#rowsOf(of, list));
    const states = group === null ? null : [...(GROUPS.find(({ id }) => id === group)?.states ?? [])];
    return this.#pagedList<string>(of, list, pool, async (count) =>
      readTrials(await pool.reader(), { experimentId: of.experimentId, states, filter: text }, count),
    ).show();
  }

  more(of: Of, list: ListName): void {
    this.#rows.set(keyOf(of, list), this.#rowsOf(of, list) + PAGE_ROWS);
    this.#paged.get(keyOf(of, list))?.rows.more();
  }

  retry(of: Of, list: ListName): void {
    this.#paged.get(keyOf(of, list))?.rows.retry();
  }

  /** Something has happened in a pool. */
  outdate(poolId: string, change: MirrorChange, isFiltered: boolean): void {
    if (change.everything) return this.#drop(poolId);
    if (change.isOld) return;
    for (const { of, rows } of this.#paged.values()) {
      if (of.poolId !== poolId) continue;
      if (of.experimentId === 0 ? isFiltered : change.experiments.has(of.experimentId)) rows.outdate();
    }
  }

  /** The pool may answer now what it could not before. */
  retryAll(): void {
    for (const { rows } of this.#paged.values()) rows.retry();
  }

  /** Another filter: nothing that was read is of it. */
  clear(): void {
    this.#drop(null);
    this.#rows.clear();
  }

  #drop(poolId: string | null): void {
    for (const [key, { of, rows }] of this.#paged) {
      if (poolId !== null && of.poolId !== poolId) continue;
      rows.drop();
      this.#paged.delete(key);
    }
  }

  #rowsOf(of: Of, list: ListName): number {
    return this.#rows.get(keyOf(of, list)) ?? PAGE_ROWS;
  }

  #pagedList<Id extends string | number>(
    of: Of,
    list: ListName,
    pool: ListedPool,
    read: (count: number) => Promise<Page<Id>>,
  ): PagedList<Id> {
    const key = keyOf(of, list);
    const known = this.#paged.get(key)?.rows as PagedList<Id> | undefined;
    if (known !== undefined) return known;
    const ask = (count: number): Promise<Page<Id>> => {
      // Nobody is asked for a password because a row was opened.
      const whyNot = pool.whyNot();
      return whyNot === null ? read(count) : Promise.reject(new Error(whyNot));
    };
    const rows = new PagedList<Id>(ask, () => this.#changed(of, list));
    this.#paged.set(key, { of, rows: rows as PagedList<string> | PagedList<number> });
    return rows;
  }
}

const ALL: ListName = { group: null, trialId: null };

function keyOf({ poolId, experimentId }: Of, list: ListName): string {
  return `${poolId}/${experimentId}/${listKey(list)}`;
}

function cut(ids: readonly number[], count: number): { ids: readonly number[]; hidden: number } {
  return { ids: ids.slice(0, count), hidden: Math.max(0, ids.length - count) };
}

async function readExperiments(
  reader: MirrorReader,
  page: { folders: string[] | null; filter?: string },
  from: number | null,
  count: number,
): Promise<Page<number>> {
  const ids: number[] = [];
  for (let before = from; ;) {
    const part = await reader.experiments({ ...page, before, limit: Math.min(A_CALL, count - ids.length) });
    const total = ids.length + part.total;
    ids.push(...part.ids);
    before = part.ids.at(-1) ?? null;
    if (ids.length >= count || ids.length >= total || before === null) return { ids, total };
  }
}

async function readTrials(
  reader: MirrorReader,
  page: { experimentId: number; states: (typeof GROUPS)[number]["states"][number][] | null; filter: string },
  count: number,
): Promise<Page<string>> {
  const ids: string[] = [];
  for (;;) {
    const limit = Math.min(A_CALL, count - ids.length);
    const part = await reader.trials({ ...page, offset: ids.length, limit });
    ids.push(...part.ids);
    if (ids.length >= count || part.ids.length < limit) return { ids, total: part.total };
  }
}
