/** What a run left or changed in its working directory. */
import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import { isInsidePath } from "../../protocol/base.ts";
import type { RunFile } from "../../protocol/methods.ts";
import { resolveInside } from "./insidePath.ts";

const MAX_FILES = 5000;
/** Where a living run's folders are searched for something new: deeper or larger ones are shown as they are. */
const MAX_VISITS = 20_000;

/**
 * @param startedAt while the run lives its tree is still there, so only what is younger than this (ms) is shown; null when it
 *   has ended and everything that is left is its own
 */
export async function listRunFiles(
  work: string,
  relative: string,
  startedAt: number | null,
): Promise<{ files: RunFile[]; truncated: boolean }> {
  const folder = await resolveInside(work, relative);
  const files: RunFile[] = [];
  let visits = 0;
  let isTruncated = false;

  /** Anything in there that the run wrote? */
  async function hasNews(directory: string): Promise<boolean> {
    if (startedAt === null) return true;
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      if (++visits > MAX_VISITS) return true;
      const child = path.join(directory, entry.name);
      if (
        entry.isDirectory()
          ? await hasNews(child)
          : entry.isFile() && (await lstat(child)).mtimeMs >= startedAt
      )
        return true;
    }
    return false;
  }

  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const name = relative === "." ? entry.name : `${relative}/${entry.name}`;
    // Links are linked data, or lead where nobody knows; names that a client cannot ask for are left out.
    if ((!entry.isFile() && !entry.isDirectory()) || !isInsidePath(name)) continue;
    const full = path.join(folder, entry.name);
    try {
      const stat = await lstat(full);
      if (entry.isDirectory() ? !(await hasNews(full)) : startedAt !== null && stat.mtimeMs < startedAt)
        continue;
      if (files.length === MAX_FILES) {
        isTruncated = true;
        break;
      }
      files.push({
        path: name,
        bytes: entry.isFile() ? stat.size : 0,
        modifiedAt: stat.mtimeMs,
        isDirectory: entry.isDirectory(),
      });
    } catch {
      continue; // removed while we looked
    }
  }
  files.sort((a, b) => Number(b.isDirectory) - Number(a.isDirectory) || (a.path < b.path ? -1 : 1));
  return { files, truncated: isTruncated };
}
