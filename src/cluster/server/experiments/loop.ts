/** Calls `tick` again and again: often while something lives, seldom otherwise, and at once when woken. Never two at a time. */
import { messageOf } from "../errors.ts";
import type { Logger } from "../ports.ts";

export interface Loop {
  /** Something has changed. */
  wake(): void;
  /** Resolves when the tick that runs has ended. */
  close(): Promise<void>;
}

/** @param tick does one round and returns how many milliseconds until the next */
export function startLoop(tick: () => Promise<number>, logger: Logger): Loop {
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;
  let isWoken = false;
  let isClosed = false;

  function schedule(delayMs: number): void {
    if (isClosed) return;
    timer = setTimeout(() => {
      timer = null;
      running = round();
    }, delayMs);
  }

  async function round(): Promise<void> {
    isWoken = false;
    let delayMs = 1000;
    try {
      delayMs = await tick();
    } catch (error) {
      logger.error("a round of the server failed", {
        error: messageOf(error),
        stack: error instanceof Error ? error.stack : undefined,
      });
    }
    running = null;
    schedule(isWoken ? 0 : delayMs);
  }

  schedule(0);
  return {
    wake() {
      isWoken = true;
      if (timer === null) return;
      clearTimeout(timer);
      schedule(0);
    },
    async close() {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
      await running;
    },
  };
}
