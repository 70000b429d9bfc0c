/**
 * Synchronous file calls are several times faster than the same through the thread pool, but hold up everything else
 * in the process. A pacer cuts such work into slices of a few milliseconds.
 */
export interface Pacer {
  /** True when the slice is used up: then `await rest()`. */
  due(): boolean;
  rest(): Promise<void>;
}

export function createPacer(sliceMs = 8): Pacer {
  let end = performance.now() + sliceMs;
  return {
    due: () => performance.now() >= end,
    rest: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      end = performance.now() + sliceMs;
    },
  };
}
