/** Repositories inside of the root (submodules, clones): ordinary folders to a snapshot, with ignore rules of their own. */
import { lstat } from "node:fs/promises";
import path from "node:path";
import { displayPath } from "../git.ts";
import { bytesOf } from "./files.ts";
import { listNested } from "./person.ts";

/** git shows a repository inside of the folder as one path that ends with a slash. */
export function nestedAmong(paths: ReadonlySet<string>): string[] {
  return [...paths].filter((name) => name.endsWith("/")).map((name) => name.slice(0, -1));
}

export interface Nested {
  folders: string[];
  /** Files (byte paths from the root) that are tracked there or not ignored. */
  files: string[];
  listed: Set<string>;
}

/** Repositories inside of the root, and inside of them, are ordinary folders with rules of their own. */
export async function readNested(
  root: string,
  candidates: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Nested> {
  const nested: Nested = { folders: [], files: [], listed: new Set() };
  const queue = [...new Set(candidates)];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const folder = next;
    if (nested.folders.includes(folder)) continue;
    const place = path.join(root, displayPath(folder));
    if (!(await lstat(path.join(place, ".git")).catch(() => null))) continue;
    nested.folders.push(folder);
    for (const inner of await listNested(place, signal)) {
      const name = `${folder}/${inner}`;
      const found = await lstat(bytesOf(root, name)).catch(() => null);
      if (inner.endsWith("/") || found?.isDirectory()) queue.push(name.replace(/\/$/, ""));
      else {
        nested.files.push(name);
        nested.listed.add(name);
      }
    }
  }
  return nested;
}
