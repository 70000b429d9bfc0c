/** A time limit for the other end alone: the clock stands while a person is being asked. */
export class Patience {
  readonly #limitMs: number;
  #leftMs: number;
  #since: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #questions = 0;
  #onEnd: (() => void) | null = null;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.#leftMs = limitMs;
  }

  begin(onEnd: () => void): void {
    this.#onEnd = onEnd;
    this.#leftMs = this.#limitMs;
    this.#run();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#since = null;
    this.#onEnd = null;
  }

  async during<T>(question: Promise<T>): Promise<T> {
    this.#questions += 1;
    if (this.#since !== null) this.#leftMs -= Date.now() - this.#since;
    this.#since = null;
    clearTimeout(this.#timer);
    try {
      return await question;
    } finally {
      this.#questions -= 1;
      if (this.#questions === 0) this.#run();
    }
  }

  #run(): void {
    clearTimeout(this.#timer);
    if (this.#onEnd === null) return;
    this.#since = Date.now();
    this.#timer = setTimeout(this.#onEnd, Math.max(0, this.#leftMs));
  }
}
