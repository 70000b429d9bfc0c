/** Fills a folder from another: hard links, reflinks or copies, symbolic links as they are. */
import {
  chmodSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { copyFile } from "node:fs/promises";
import { type BytePath, join, parent, toNative } from "./bytePath.ts";
import { entryStat } from "./entryStat.ts";
import { createPacer } from "./pacer.ts";

export type Method = "reflink" | "copy" | "hardlink";

/** The server answers nobody while a file is copied; larger ones are copied by another thread. */
const LARGE_BYTES = 8 * 1024 * 1024;

/**
 * @param to may exist, but has none of the files
 * @param skip paths relative to `from` that are left out
 */
export async function fillFolder(
  from: BytePath,
  to: BytePath,
  method: Method,
  skip: readonly BytePath[] = [],
): Promise<void> {
  const pacer = createPacer();
  const place = PLACE[method];
  const skipped = new Set<string>(skip);
  const folders: string[] = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const [source, target] = [(from + folder) as BytePath, (to + folder) as BytePath];
    mkdirSync(toNative(target), { recursive: true });
    for (const entry of readdirSync(toNative(source), { withFileTypes: true, encoding: "latin1" })) {
      const path = `${folder}/${entry.name}`;
      if (skipped.has(path.slice(1))) continue;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isSymbolicLink()) copySymbolicLink(join(source, entry.name), join(target, entry.name));
      else {
        const [original, copy] = [join(source, entry.name), join(target, entry.name)];
        if (method === "hardlink" || lstatSync(toNative(original)).size < LARGE_BYTES) place(original, copy);
        else {
          await copyFile(toNative(original), toNative(copy), COPY_MODE[method]);
          makeWritable(copy);
        }
      }
      if (pacer.due()) await pacer.rest();
    }
  }
  await removeEntries(to, skip); // folders that held nothing else
}

/** Removes entries of a tree that are there, and the folders that are empty without. Follows no symbolic link. */
export async function removeEntries(folder: BytePath, paths: readonly BytePath[]): Promise<void> {
  const pacer = createPacer();
  const emptied = new Set<BytePath>();
  for (const path of paths) {
    const target = join(folder, path);
    const stat = entryStat(target);
    if (stat?.isDirectory()) emptied.add(path);
    else if (stat !== null) unlinkSync(toNative(target));
    for (let up = parent(path); up !== null; up = parent(up)) emptied.add(up);
    if (pacer.due()) await pacer.rest();
  }
  // The deepest first, so that a folder of empty folders goes too.
  for (const path of [...emptied].sort((a, b) => b.length - a.length)) removeEmptyFolder(join(folder, path));
}

function removeEmptyFolder(folder: BytePath): void {
  try {
    rmdirSync(toNative(folder));
  } catch {
    // not empty, or gone already
  }
}

const PLACE: Record<Method, (from: BytePath, to: BytePath) => void> = {
  hardlink: (from, to) => {
    try {
      linkSync(toNative(from), toNative(to));
    } catch (error) {
      // EMLINK: an inode takes 65,000 names on ext4. EPERM, ENOTSUP, EXDEV: no hard links there at all.
      if (!hasCode(error, "EMLINK", "EPERM", "ENOTSUP", "ENOSYS", "EXDEV")) throw error;
      copyFileSync(toNative(from), toNative(to));
    }
  },
  reflink: (from, to) => {
    copyFileSync(toNative(from), toNative(to), COPY_MODE.reflink);
    makeWritable(to);
  },
  copy: (from, to) => {
    copyFileSync(toNative(from), toNative(to), COPY_MODE.copy);
    makeWritable(to);
  },
};

const COPY_MODE: Record<Exclude<Method, "hardlink">, number> = {
  reflink: constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL,
  copy: constants.COPYFILE_EXCL,
};

function makeWritable(path: BytePath): void {
  const { mode } = lstatSync(toNative(path));
  chmodSync(toNative(path), (mode & 0o777) | 0o200);
}

function copySymbolicLink(from: BytePath, to: BytePath): void {
  symlinkSync(readlinkSync(toNative(from), { encoding: "buffer" }), toNative(to));
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
