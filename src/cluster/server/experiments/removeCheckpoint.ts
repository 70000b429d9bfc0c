/** Removes the folder of a stored checkpoint, whose files and folders are read-only. */
import { chmod, lstat, readdir, rm } from "node:fs/promises";
import path from "node:path";

export async function removeCheckpoint(folder: string): Promise<void> {
  // Without its manifest a checkpoint does not exist, so nobody sees half of one.
  await rm(path.join(folder, "manifest.json"), { force: true });
  await openFolders(path.join(folder, "files"));
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** From a read-only folder only root may remove what is in it. */
async function openFolders(folder: string): Promise<void> {
  const stat = await lstat(folder).catch(() => null);
  if (stat?.isDirectory() !== true) return;
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await openFolders(path.join(folder, entry.name));
}
