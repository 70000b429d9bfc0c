import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";

const ABANDONED_MS = 60 * 60 * 1000;

/** Removes what a server that was killed left half-built: entries of that prefix that have not changed for so long; 0 is all. */
export async function sweepAbandoned(
  folder: string,
  prefix: string,
  abandonedMs = ABANDONED_MS,
): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const entry = path.join(folder, name);
    const changed = (await stat(entry).catch(() => null))?.mtimeMs ?? Infinity;
    if (abandonedMs === 0 || Date.now() - changed > abandonedMs)
      await rm(entry, { recursive: true, force: true });
  }
}
