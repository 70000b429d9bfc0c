/** What removing folders would free: a file that has a name elsewhere too (a working tree of hard links) stays. */
import { lstat, readdir } from "node:fs/promises";
import path from "node:path";

/** Symbolic links are counted as such and never followed; what is gone meanwhile counts nothing. */
export async function freedBy(folders: readonly string[]): Promise<number> {
  /** Files with several names, by inode: how many names have not been met. */
  const namesLeft = new Map<string, number>();
  let bytes = 0;
  async function visit(place: string): Promise<void> {
    const stat = await lstat(place);
    if (stat.isDirectory()) {
      for (const name of await readdir(place)) await visit(path.join(place, name)).catch(() => undefined);
      return;
    }
    const inode = `${stat.dev}/${stat.ino}`;
    const left = (namesLeft.get(inode) ?? stat.nlink) - 1;
    if (stat.nlink > 1) namesLeft.set(inode, left);
    if (left === 0) bytes += stat.size;
  }
  for (const folder of folders) await visit(folder).catch(() => undefined);
  return bytes;
}
