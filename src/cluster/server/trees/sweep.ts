import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";

const ABANDONED_MS = 60 * 60 * 1000;

/** Removes what a server that was killed left half-built: entries of that prefix that have not changed for an hour. */
export async function sweepAbandoned(folder: string, prefix: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const entry = path.join(folder, name);
    const changed = (await stat(entry).catch(() => null))?.mtimeMs ?? Infinity;
    if (Date.now() - changed > ABANDONED_MS) await rm(entry, { recursive: true, force: true });
  }
}
