/** A list that is read from a pool as far as it is shown, and anew when it may have changed. */
import type { Page } from "../../cluster/client/mirror/reader.ts";
import { messageOf } from "../../cluster/client/userError.ts";
import { type Listed, PAGE_ROWS } from "./nodes.ts";

/** Under a search that reports all the time it is not read oftener. */
const READ_EVERY_MS = 1000;

export class PagedList<Id> {
  readonly #read: (count: number) => Promise<Page<Id>>;
  readonly #changed: () => void;
  #page: Page<Id> | null = null;
  #wanted = 0;
  #isReading = false;
  #isOld = false;
  #readAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #problem: string | null = null;
  #isDropped = false;

  /**
   * @param read the first `count` of the list, or all when there are fewer
   * @param changed there is something new to show
   */
  constructor(read: (count: number) => Promise<Page<Id>>, changed: () => void) {
    this.#read = read;
    this.#changed = changed;
  }

  /** So many rows are to be shown. @returns what there is of them now; what is missing is read */
  show(count = PAGE_ROWS): Listed<Id> {
    this.#wanted = Math.max(this.#wanted, count);
    this.#readIfNeeded();
    const { ids, total } = this.#page ?? { ids: [], total: 0 };
    const shown = ids.slice(0, this.#wanted);
    // While it is read anew what was there stays, without a word.
    const isBusy = this.#isReading && shown.length < Math.min(this.#wanted, this.#page?.total ?? Infinity);
    return { ids: shown, hidden: Math.max(0, total - shown.length), isBusy, problem: this.#problem };
  }

  more(): void {
    this.#wanted += PAGE_ROWS;
    this.#readIfNeeded();
  }

  retry(): void {
    this.#problem = null;
    this.#readIfNeeded();
  }

  /** It may have changed: it is read anew when it is shown again. */
  outdate(): void {
    this.#isOld = true;
    this.#problem = null;
  }

  /** Nobody shows it any more. */
  drop(): void {
    this.#isDropped = true;
    clearTimeout(this.#timer);
  }

  #readIfNeeded(): void {
    if (this.#isReading || this.#problem !== null || this.#isDropped) return;
    const isShort = this.#page === null || this.#page.ids.length < Math.min(this.#wanted, this.#page.total);
    if (!isShort && !this.#isOld) return;
    const waitMs = isShort ? 0 : this.#readAt + READ_EVERY_MS - Date.now();
    if (waitMs > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#readIfNeeded();
      }, waitMs);
      return;
    }
    void this.#readNow();
  }

  async #readNow(): Promise<void> {
    this.#isReading = true;
    this.#isOld = false;
    try {
      const page = await this.#read(this.#wanted);
      // Fewer than it had said: it has become shorter, and that is all of it.
      this.#page = page.ids.length < this.#wanted ? { ...page, total: page.ids.length } : page;
    } catch (error) {
      this.#problem = messageOf(error);
    }
    this.#isReading = false;
    this.#readAt = Date.now();
    if (!this.#isDropped) this.#changed();
  }
}
