/** A server that nobody needs stops itself. */

const CHECK_MS = 60_000;
export const IDLE_LIMIT_MS = 24 * 60 * 60 * 1000;

/** @returns a function that ends the watch */
export function stopWhenIdle(isNeeded: () => boolean, stop: () => void, limitMs = IDLE_LIMIT_MS): () => void {
  let neededAt = Date.now();
  const timer = setInterval(
    () => {
      if (isNeeded()) neededAt = Date.now();
      else if (Date.now() - neededAt >= limitMs) stop();
    },
    Math.min(CHECK_MS, limitMs),
  );
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}
