import { setTimeout as sleep } from "node:timers/promises";

/** Does one step of the demo and says how long it took; when it fails, what is missing. */
export async function step(what: string, work: () => Promise<void>): Promise<void> {
  const startedMs = Date.now();
  try {
    await work();
  } catch (error) {
    throw new Error(`Missing: ${what}.\n${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  console.log(`${((Date.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${what}`);
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  else_: string,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`After ${timeoutMs / 1000} s ${else_}.`);
    await sleep(100);
  }
}
