/** One at a time, over all windows and processes of this machine. */
import { open, readFile, rm, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "./userError.ts";

const PATIENCE_MS = 60_000;
const POLL_MS = 20;
/** Nobody needs longer from making the file to writing a number into it. */
const WRITTEN_MS = 5000;

/** @param what is done under it, for the message when another one does not end */
export async function withLock<T>(
  file: string,
  what: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await acquire(file))) {
    signal?.throwIfAborted();
    if (Date.now() > deadline)
      throw new UserError(
        `Another ${what} does not end.`,
        `Close the other window, or delete ${file} when no other is running.`,
      );
    await sleep(POLL_MS, undefined, signal ? { signal } : {});
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function acquire(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "wx", 0o600);
    try {
      await handle.writeFile(String(process.pid));
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const pid = Number(await readFile(file, "utf8").catch(() => ""));
  // An empty file is being written right now, or its owner was killed there. A dead owner's lock is taken away, by whoever comes first.
  const isDead = pid > 0 ? !isAlive(pid) : await isOlder(file, WRITTEN_MS);
  if (isDead) await rm(file, { force: true });
  return false;
}

async function isOlder(file: string, ms: number): Promise<boolean> {
  const made = (await stat(file).catch(() => null))?.ctimeMs ?? Infinity;
  return Date.now() - made > ms;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
