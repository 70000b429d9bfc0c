/** Work in slices, so that the server answers others in between. */
import { setImmediate as nextTurn } from "node:timers/promises";

const SLICE_MS = 10;

/** Call it between small parts of the work: it waits for the others when a slice is used up. */
export function slices(): () => Promise<void> {
  let until = performance.now() + SLICE_MS;
  return async () => {
    if (performance.now() < until) return;
    await nextTurn();
    until = performance.now() + SLICE_MS;
  };
}
