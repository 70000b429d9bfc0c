/** What was restored from a pool is known by a marker file in its folder, and is never part of a snapshot. */
import { access } from "node:fs/promises";
import path from "node:path";
import { bytePath } from "../git.ts";

export const RESTORED_MARKER = ".trainyard-checkpoint.json";
/** Why it stays behind. */
export const RESTORED_REASON = "restored from a pool";

/**
 * Folders (byte paths) that hold a marker: seen among the candidates themselves, or, for the few files that are
 * tracked although ignored (the marker is ignored too), looked for on disk.
 */
export async function restoredFolders(
  root: string,
  candidates: Iterable<string>,
  trackedThoughIgnored: readonly string[],
): Promise<string[]> {
  const folders = new Set<string>();
  for (const candidate of candidates)
    if (candidate.endsWith(`/${RESTORED_MARKER}`)) folders.add(path.posix.dirname(candidate));
  const looked = new Set<string>();
  for (const file of trackedThoughIgnored) {
    for (let folder = path.posix.dirname(file); folder !== "."; folder = path.posix.dirname(folder)) {
      if (looked.has(folder)) break;
      looked.add(folder);
      const marker = Buffer.from(`${bytePath(root)}/${folder}/${RESTORED_MARKER}`, "latin1");
      if (
        await access(marker).then(
          () => true,
          () => false,
        )
      )
        folders.add(folder);
    }
  }
  return [...folders];
}

/** Whether a byte path is one of the folders or lies in one. */
export function isUnder(file: string, folders: readonly string[]): boolean {
  return folders.some((folder) => file === folder || file.startsWith(`${folder}/`));
}
