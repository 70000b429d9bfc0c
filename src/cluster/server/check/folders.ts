/** Looking at folders that others change meanwhile: what is gone is not there. */
import { lstatSync, readdirSync, type Stats } from "node:fs";
import path from "node:path";

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

export function look(file: string): Stats | null {
  try {
    return lstatSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

/** When something in the folder was last written, ms since the epoch; 0 when it is gone. No link is followed. */
export function lastWritten(folder: string): number {
  const stat = look(folder);
  if (stat === null) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return namesIn(folder).reduce(
    (newest, name) => Math.max(newest, lastWritten(path.join(folder, name))),
    stat.mtimeMs,
  );
}

/** Younger than this, something that looks forgotten may still be in work. */
export const IN_WORK_MS = 60 * 60_000;
