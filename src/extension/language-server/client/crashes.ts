/** How often the language server may end unasked before it is left alone. Pure. */

const MOST = 4;
const WITHIN_MS = 180_000;

export class Crashes {
  #times: number[] = [];

  /** To be told of each. @returns whether it shall be started again */
  happened(nowMs: number): boolean {
    this.#times = [...this.#times.filter((time) => nowMs - time < WITHIN_MS), nowMs];
    return this.#times.length <= MOST;
  }

  /** A person has started it again. */
  forget(): void {
    this.#times = [];
  }
}
