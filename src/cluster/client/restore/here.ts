/** Files that are here already, in checkpoints that were restored beside this one: copied, not sent again. */
import { constants } from "node:fs";
import { copyFile, lstat, mkdir, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { Manifest, type ManifestFile } from "../../protocol/runDirectory.ts";
import { RESTORED_MARKER } from "../snapshot/restored.ts";
import { matches } from "./download.ts";

const MOST_FOLDERS = 500;
const MOST_MARKER_BYTES = 32 * 1024 * 1024;

/** Where bytes of that hash and size were restored to, by what the folders' markers say. */
export type Here = ReadonlyMap<string, readonly string[]>;

const nameOf = ({ sha256, bytes }: ManifestFile): string => `${sha256} ${bytes}`;

/** @param parent whose folders are looked at: the siblings of the destination, and what it holds itself */
export async function restoredFiles(parent: string, wanted: readonly ManifestFile[]): Promise<Here> {
  const asked = new Set(wanted.filter(({ bytes }) => bytes > 0).map(nameOf));
  const found = new Map<string, string[]>();
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.endsWith(".partial"));
  for (const { name } of folders.slice(0, MOST_FOLDERS)) {
    const folder = path.join(parent, name);
    for (const file of await filesOf(folder)) {
      const key = nameOf(file);
      if (asked.has(key)) found.set(key, [...(found.get(key) ?? []), path.join(folder, file.path)]);
    }
  }
  return found;
}

/** @returns whether the target is now that file, every byte of it compared */
export async function copyIfHere(
  here: Here,
  file: ManifestFile,
  target: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (const source of here.get(nameOf(file)) ?? []) {
    // A person may have changed it since, or put something else in its place.
    const status = await lstat(source).catch(() => null);
    if (!status?.isFile() || status.size !== file.bytes) continue;
    await mkdir(path.dirname(target), { recursive: true });
    await rm(target, { force: true });
    // Shares the blocks where the file system can.
    await copyFile(source, target, constants.COPYFILE_FICLONE);
    if (await matches(target, file, signal)) return true;
    await rm(target, { force: true });
  }
  return false;
}

async function filesOf(folder: string): Promise<readonly ManifestFile[]> {
  try {
    const marker = path.join(folder, RESTORED_MARKER);
    const status = await lstat(marker);
    if (!status.isFile() || status.size > MOST_MARKER_BYTES) return [];
    const manifest = Manifest.safeParse(JSON.parse(await readFile(marker, "utf8")));
    return manifest.success ? manifest.data.files : [];
  } catch {
    return [];
  }
}
