/** Where the bytes are: for the question whether to send them, and for what stays behind. */
import { lstat, opendir } from "node:fs/promises";
import path from "node:path";
import { displayPath } from "../git.ts";
import type { SnapshotPlan } from "./plan.ts";

export interface FolderSize {
  /** Relative to the root; a folder, or a file at the top. */
  path: string;
  files: number;
  bytes: number;
}

/** A folder of which nearly all lies in one folder inside is not what a person would leave out. */
const NEARLY_ALL = 0.8;

/** The largest folders (and files at the top) of a planned snapshot, largest first. */
export function largestFolders(plan: Pick<SnapshotPlan, "entries">, most = 5): FolderSize[] {
  const folders = new Map<string, FolderSize>();
  const children = new Map<string, Set<string>>();
  for (const [file, bytes] of plan.entries) {
    let inner: string | null = null;
    for (let at = file.lastIndexOf("/"); ; at = file.lastIndexOf("/", at - 1)) {
      const folder = at <= 0 ? "" : file.slice(0, at);
      const size = folders.get(folder) ?? { path: folder, files: 0, bytes: 0 };
      size.files += 1;
      size.bytes += bytes;
      folders.set(folder, size);
      const known = children.get(folder) ?? new Set<string>();
      known.add(inner ?? file);
      children.set(folder, known);
      inner = folder;
      if (folder === "") break;
    }
  }
  const sizeOf = (name: string): FolderSize =>
    folders.get(name) ?? { path: name, files: 1, bytes: plan.entries.get(name) ?? 0 };
  const descend = (size: FolderSize): FolderSize => {
    for (const child of children.get(size.path) ?? []) {
      const inner = folders.get(child);
      const holdsIt =
        size.bytes > 0 ? inner && inner.bytes >= NEARLY_ALL * size.bytes : inner?.files === size.files;
      if (inner && holdsIt) return descend(inner);
    }
    return size;
  };
  return [...(children.get("") ?? [])]
    .map((name) => descend(sizeOf(name)))
    .sort((a, b) => b.bytes - a.bytes || b.files - a.files)
    .slice(0, most)
    .map((size) => ({ ...size, path: displayPath(size.path) }));
}

/** Size of a path on disk, links not followed. Stops after `mostEntries`: then `complete` is false. */
export async function measurePath(
  place: string,
  signal?: AbortSignal,
  mostEntries = 100_000,
): Promise<{ bytes: number; files: number; complete: boolean }> {
  const total = { bytes: 0, files: 0, complete: true };
  const queue = [place];
  let entries = 0;
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    signal?.throwIfAborted();
    const found = await lstat(next).catch(() => null);
    if (!found) continue;
    if (!found.isDirectory()) {
      total.bytes += found.size;
      total.files += 1;
      continue;
    }
    const folder = await opendir(next).catch(() => null);
    if (!folder) continue;
    for await (const entry of folder) {
      entries += 1;
      if (entries > mostEntries) return { ...total, complete: false };
      queue.push(path.join(next, entry.name));
    }
  }
  return total;
}
