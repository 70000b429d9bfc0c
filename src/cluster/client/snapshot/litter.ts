/** What snapshots that were killed left half-written. The caller has the folder's lock. */
import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { Places } from "./memory.ts";

/** A git that lives on after its editor, and one that clears up, write more often than this. */
const DEAD_MS = 10 * 60_000;

/** Indexes, packs and files under temporary names: one large file's may have gigabytes. */
export async function sweepLitter({ repository, memory }: Places, deadMs = DEAD_MS): Promise<void> {
  const isOurs = (name: string, file: string): boolean =>
    name.startsWith(`${path.basename(file)}.`) && name.endsWith(".tmp");
  await Promise.all([
    sweep(deadMs, repository, (name) => /^(index|person)\./.test(name)),
    sweep(
      deadMs,
      path.join(repository, "objects/pack"),
      (name) => name.startsWith("tmp_") || name.startsWith(".tmp-"),
    ),
    sweep(deadMs, path.dirname(repository), (name) => isOurs(name, repository) || isOurs(name, memory)),
  ]);
}

async function sweep(deadMs: number, folder: string, isLitter: (name: string) => boolean): Promise<void> {
  for (const name of (await readdir(folder).catch(() => [])).filter(isLitter)) {
    const file = path.join(folder, name);
    // Not mtime: a copy of an index has that of its original.
    const written = (await stat(file).catch(() => null))?.ctimeMs ?? Infinity;
    if (Date.now() - written >= deadMs) await rm(file, { recursive: true, force: true });
  }
}
