/** A search through an output on the pool: the next match in either direction, and how many there are. Pure but for its requests. */
import type { ResultOf } from "../bridge.ts";

export type Found = ResultOf<"searchOutput">["matches"][number];
export interface Query {
  text: string;
  kind: "text" | "expression";
  matchCase: boolean;
}
export interface Asked {
  query: Query;
  direction: "forward" | "backward";
  from: { offset: number; lineStart?: number | null } | null;
  limit: number;
}
export type AskSearch = (asked: Asked) => Promise<ResultOf<"searchOutput">>;

export interface SearchState {
  /** Lines that match, as far as they are counted. */
  count: number;
  /** Share of the file that was counted, 0 to 1; 1 when all of it was. */
  counted: number;
  /** Of the current match among those counted, from 1; null while that is not known. */
  position: number | null;
  current: Found | null;
  /** A match is being looked for. */
  isLooking: boolean;
  problem: string | null;
}

const COUNTED_AT_ONCE = 1000;
/** Beyond so many it is only said that there are more. */
export const MOST_COUNTED = 10_000;
const NOTHING: SearchState = {
  count: 0,
  counted: 0,
  position: null,
  current: null,
  isLooking: false,
  problem: null,
};

export class OutputSearch {
  state: SearchState = NOTHING;
  private readonly query: Query;
  private readonly ask: AskSearch;
  private readonly onChange: () => void;
  private readonly offsets: number[] = [];
  private isCancelled = false;
  /** One request at a time: who waits for a match comes before the count. */
  private looking: Promise<void> = Promise.resolve();

  constructor(query: Query, ask: AskSearch, onChange: () => void) {
    this.query = query;
    this.ask = ask;
    this.onChange = onChange;
  }

  cancel(): void {
    this.isCancelled = true;
  }

  /**
   * The next match from a byte on, or backward from before it; at the end it goes on at the other one.
   * @returns null when there is none, or when it was cancelled
   */
  async next(direction: Asked["direction"], offset: number): Promise<Found | null> {
    let done: () => void = () => undefined;
    this.looking = new Promise((resolve) => (done = resolve));
    this.change({ isLooking: true, problem: null });
    try {
      const found =
        (await this.first(direction, { offset })) ??
        (this.isCancelled ? null : await this.first(direction, null));
      if (!this.isCancelled) this.change({ current: found ?? null, position: this.positionOf(found) });
      return this.isCancelled ? null : found;
    } catch (error) {
      this.change({ problem: messageOf(error) });
      return null;
    } finally {
      done();
      this.change({ isLooking: false });
    }
  }

  /** Counts all matches, until it is cancelled. */
  async count(): Promise<void> {
    try {
      for (let from: Asked["from"] = null; ;) {
        await this.looking;
        if (this.isCancelled) return;
        const answer = await this.ask({
          query: this.query,
          direction: "forward",
          from,
          limit: COUNTED_AT_ONCE,
        });
        if (this.isCancelled) return;
        for (const { offset } of answer.matches) this.offsets.push(offset);
        from = answer.next;
        const isFull = this.offsets.length >= MOST_COUNTED;
        this.change({
          count: this.offsets.length,
          counted: from === null ? 1 : Math.min(0.999, from.offset / Math.max(1, answer.size)),
          position: this.positionOf(this.state.current),
        });
        if (from === null || isFull) return;
      }
    } catch (error) {
      this.change({ problem: messageOf(error) });
    }
  }

  private async first(direction: Asked["direction"], start: Asked["from"]): Promise<Found | null> {
    for (let from = start; ;) {
      const answer = await this.ask({ query: this.query, direction, from, limit: 1 });
      const [found] = answer.matches;
      if (found !== undefined) return found;
      if (answer.next === null || this.isCancelled) return null;
      from = answer.next;
    }
  }

  private positionOf(found: Found | null): number | null {
    if (found === null) return null;
    const index = this.offsets.indexOf(found.offset);
    return index < 0 ? null : index + 1;
  }

  private change(change: Partial<SearchState>): void {
    this.state = { ...this.state, ...change };
    if (!this.isCancelled) this.onChange();
  }
}

/** `3 of 12 lines`, as far as it is known. */
export function searchWords({ count, counted, position, current, isLooking, problem }: SearchState): string {
  if (problem !== null) return problem;
  const isFull = count >= MOST_COUNTED;
  const all = counted >= 1 ? String(count) : `${count}+`;
  const share = counted < 1 && !isFull ? ` (${Math.floor(counted * 100)}% searched)` : "";
  if (current === null) {
    if (isLooking) return `Searching ...${share}`;
    return counted >= 1 && count === 0 ? "No results" : `${all} lines${share}`;
  }
  return `${position ?? "?"} of ${all} lines${share}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
