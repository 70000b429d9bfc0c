/** The end of a session, told once, and what waits for an answer until then. */
import { UserError } from "../userError.ts";

export class SessionLife {
  readonly #listeners = new Set<(reason: string) => void>();
  #over: string | null = null;

  get isOver(): boolean {
    return this.#over !== null;
  }

  /** Told once, at once when it is over already. */
  onClosed(listener: (reason: string) => void): void {
    if (this.#over !== null) listener(this.#over);
    else this.#listeners.add(listener);
  }

  end(reason: string): void {
    if (this.#over !== null) return;
    this.#over = reason;
    for (const listener of this.#listeners) listener(reason);
  }

  /**
   * Over a half-open link an answer never comes: what takes too long ends the session.
   * @param work returns what to do when nobody wants it any more
   */
  bounded<T>(
    what: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    work: (resolve: (value: T) => void, reject: (error: Error) => void) => (() => void) | void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let giveUp = (): void => undefined;
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#listeners.delete(onGone);
      };
      const fail = (error: Error): void => {
        settle();
        reject(error);
        giveUp();
      };
      const onAbort = (): void => fail(signal?.reason as Error);
      const onGone = (reason: string): void => fail(new UserError(`The SSH connection is gone: ${reason}.`));
      const timer = setTimeout(() => {
        fail(new UserError(`The host did not answer in time (${what}).`));
        this.end("it does not answer");
      }, timeoutMs);
      if (signal?.aborted) return onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      if (this.#over !== null) return onGone(this.#over);
      this.#listeners.add(onGone);
      giveUp =
        work((value) => {
          settle();
          resolve(value);
        }, fail) ?? giveUp;
    });
  }
}
