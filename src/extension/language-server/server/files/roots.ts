/** Paths of an experiment file are relative to the workspace folder that it is in. Nothing outside of the open folders is looked at. */
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { isSameOrInside } from "../../../../cluster/client/insideFolder.ts";

/** Entries of a folder that are offered. */
const MOST_ENTRIES = 200;

export class Roots {
  readonly #folders: readonly string[];

  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** The innermost open folder around a file; null where there is none. */
  of(file: string): string | null {
    return (
      this.#folders.filter((folder) => isSameOrInside(file, folder)).sort((a, b) => b.length - a.length)[0] ??
      null
    );
  }

  /** Null: it is not for us to say. */
  async isThere(root: string, written: string): Promise<"file" | "folder" | "nothing" | null> {
    const place = path.resolve(root, written);
    if (!this.#folders.some((folder) => isSameOrInside(place, folder))) return null;
    try {
      return (await stat(place)).isDirectory() ? "folder" : "file";
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === "ENOENT" || code === "ENOTDIR" ? "nothing" : null;
    }
  }

  /** What a path that is typed so far may go on with, folders with a slash. */
  async goOn(root: string, typed: string): Promise<string[]> {
    const parent = typed.slice(0, typed.lastIndexOf("/") + 1);
    const folder = path.resolve(root, parent);
    if (path.isAbsolute(typed) || !this.#folders.some((one) => isSameOrInside(folder, one))) return [];
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const isHiddenAsked = typed.slice(parent.length).startsWith(".");
    return entries
      .filter(({ name }) => isHiddenAsked || !name.startsWith("."))
      .slice(0, MOST_ENTRIES)
      .map((entry) => `${parent}${entry.name}${entry.isDirectory() ? "/" : ""}`)
      .sort();
  }
}
