/** How fast bytes arrive lately, and how long the rest will take. Pure: whoever asks says what time it is. */

const WINDOW_MS = 5_000;
/** Before that a rate says more about the start than about the link. */
const LEAST_MS = 500;
const GRAIN_MS = 100;

export interface Pace {
  /** Null until enough has been seen. */
  bytesPerSecond: number | null;
  secondsLeft: number | null;
}

export class Rate {
  /** When how many bytes had arrived; the first one is the oldest that still counts. */
  readonly #seen: { atMs: number; bytes: number }[] = [];
  #bytes = 0;

  add(bytes: number, atMs: number): void {
    if (this.#seen.length === 0) this.#seen.push({ atMs, bytes: 0 });
    this.#bytes += bytes;
    const last = this.#seen.at(-1);
    // Thousands come in a second.
    if (last && this.#seen.length > 1 && atMs - (this.#seen.at(-2)?.atMs ?? 0) < GRAIN_MS)
      [last.atMs, last.bytes] = [atMs, this.#bytes];
    else this.#seen.push({ atMs, bytes: this.#bytes });
    while (this.#seen.length > 2 && (this.#seen[1]?.atMs ?? atMs) <= atMs - WINDOW_MS) this.#seen.shift();
  }

  /** @param bytesLeft of the whole */
  pace(bytesLeft: number, nowMs: number): Pace {
    const oldest = this.#seen[0];
    if (oldest === undefined || nowMs - oldest.atMs < LEAST_MS)
      return { bytesPerSecond: null, secondsLeft: null };
    const bytesPerSecond = ((this.#bytes - oldest.bytes) * 1000) / (nowMs - oldest.atMs);
    return { bytesPerSecond, secondsLeft: bytesPerSecond > 0 ? bytesLeft / bytesPerSecond : null };
  }
}
