/** Tells what a run wrote or changed from what came with its snapshot. */
import { closeSync, openSync, readlinkSync, readSync } from "node:fs";
import { type BytePath, toNative } from "./bytePath.ts";
import { entryStat } from "./entryStat.ts";

const CHUNK_BYTES = 256 * 1024;
/**
 * Folders that hold only what Python can make again; they are never counted as something that a run left.
 */
export const DERIVED_FOLDER = "__pycache__";

/** `damaged`: the run wrote through a hard link, into the snapshot's own file. */
export type Comparison = "same" | "changed" | "damaged";

/** Compares a file or symbolic link of a working tree with that of the tree. Neither is followed. */
export function compare(work: BytePath, tree: BytePath, builtAtMs: number): Comparison {
  const ours = entryStat(work);
  const theirs = entryStat(tree);
  if (ours === null || theirs === null) return "changed";
  if (ours.isSymbolicLink() || theirs.isSymbolicLink())
    return ours.isSymbolicLink() && theirs.isSymbolicLink() && linkTarget(work).equals(linkTarget(tree))
      ? "same"
      : "changed";
  if (!ours.isFile() || !theirs.isFile()) return "changed";
  if (ours.ino === theirs.ino && ours.dev === theirs.dev)
    return (ours.mode & 0o222n) !== 0n || Number(ours.mtimeMs) > builtAtMs ? "damaged" : "same";
  if (ours.size !== theirs.size) return "changed";
  // Unlike mtime, a script cannot set ctime back. In a copy nothing touches it but the script.
  if (ours.nlink === 1n && Number(ours.ctimeMs) <= builtAtMs) return "same";
  return equalContent(work, tree) ? "same" : "changed";
}

function linkTarget(path: BytePath): Buffer {
  return readlinkSync(toNative(path), { encoding: "buffer" });
}

function equalContent(a: BytePath, b: BytePath): boolean {
  const first = openSync(toNative(a), "r");
  try {
    const second = openSync(toNative(b), "r");
    try {
      const [left, right] = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)];
      for (;;) {
        const count = readSync(first, left);
        if (count !== readSync(second, right)) return false;
        if (count === 0) return true;
        if (left.compare(right, 0, count, 0, count) !== 0) return false;
      }
    } finally {
      closeSync(second);
    }
  } finally {
    closeSync(first);
  }
}
