import fs from "node:fs";
import path from "node:path";

/**
 * Not `recursive: true`: on a file system that answers ENOENT to mkdir (/proc) Node would try again without end.
 * @returns the first folder that was missing; null when all were there
 */
export function makeFolder(folder: string, mode = 0o777): string | null {
  if (fs.existsSync(folder)) return null;
  const parent = path.dirname(folder);
  const above = parent === folder ? null : makeFolder(parent, mode);
  try {
    fs.mkdirSync(folder, { mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return above ?? folder;
}
