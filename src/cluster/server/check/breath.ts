/** Work without end that is done at once would hear nothing of a person who cancels. */
import { setImmediate as nextTurn } from "node:timers/promises";

const LONGEST_MS = 50;

/** Between two items of work. @throws the signal's reason */
export type Breathe = () => Promise<void>;

export function createBreath(signal: AbortSignal): Breathe {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < LONGEST_MS) return;
    await nextTurn();
    last = performance.now();
    signal.throwIfAborted();
  };
}
