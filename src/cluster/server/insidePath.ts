/** Opens nothing outside of a folder, whatever links a script has left in it. */
import { lstat, realpath } from "node:fs/promises";
import path from "node:path";
import { isInsidePath } from "../protocol/base.ts";

/**
 * @param folder absolute
 * @param relative `/`-separated path inside of it; `.` is the folder
 * @returns the absolute path; null when there is no plain file or folder of that name, or a symbolic link is on the way
 */
export async function findInside(
  folder: string,
  relative: string,
  kind: "file" | "folder",
): Promise<{ path: string; bytes: number } | null> {
  if (!isInsidePath(relative)) return null;
  const absolute = path.join(folder, relative);
  try {
    const [found, root] = [await realpath(absolute), await realpath(folder)];
    if (path.join(root, relative) !== found) return null;
    const stat = await lstat(absolute);
    if (kind === "file" ? stat.isFile() : stat.isDirectory()) return { path: absolute, bytes: stat.size };
  } catch {
    // which part of it is missing is no help
  }
  return null;
}
