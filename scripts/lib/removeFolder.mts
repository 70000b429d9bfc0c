import { chmodSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";

/** Removes a folder that may hold a pool: stored checkpoints are read-only, which holds back everyone but root. */
export function removeFolder(folder: string): void {
  openFolders(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

function openFolders(folder: string): void {
  try {
    chmodSync(folder, 0o700);
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) openFolders(path.join(folder, entry.name));
  } catch {
    // gone meanwhile, or another account's: the removal says so
  }
}
