/** What a file is, asked many times a second for each run. */
import { lstatSync, type Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import { isLocalFileSystem } from "../store/fileSystem.ts";

/** Null: it is not there, or cannot be looked at. No link is followed. */
export type QuickStat = (file: string) => Promise<Stats | null> | Stats | null;

/**
 * A local disk answers at once, and to have a thread ask it costs many times as much. Of a file server that hangs only a thread
 * may wait.
 * @param folder in which all that is asked for is
 */
export function createQuickStat(folder: string): QuickStat {
  if (!isLocalFileSystem(folder)) return (file) => lstat(file).catch(() => null);
  return (file) => {
    try {
      return lstatSync(file, { throwIfNoEntry: false }) ?? null;
    } catch {
      return null;
    }
  };
}
