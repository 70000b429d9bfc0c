/** Work of which one piece is under way at most. Pure. */

export class OneAtATime {
  readonly #work: () => Promise<void>;
  #isRunning = false;
  #again = false;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** It will run once more after this time. */
  get isAskedAgain(): boolean {
    return this.#isRunning && this.#again;
  }

  /** Runs it; while it runs, once more afterwards, however often that is asked. */
  async run(): Promise<void> {
    this.#again = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#again) {
        this.#again = false;
        await this.#work();
      }
    } finally {
      this.#isRunning = false;
    }
  }
}
