/** A folder that appears whole or not at all: written under another name beside its place, then renamed. */
import { lstat, mkdir, open, rename, rm, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { RESTORED_MARKER } from "../snapshot/restored.ts";
import { makeFolder } from "../makeFolder.ts";
import { UserError } from "../userError.ts";
import { partialName } from "./partial.ts";

export async function exists(place: string): Promise<boolean> {
  return lstat(place).then(
    () => true,
    () => false,
  );
}

export interface Placing {
  /** Final path of the folder. */
  destination: string;
  /** What is there already is moved aside and removed after success. */
  replace: boolean;
  /** What the folder holds, as JSON: by this file a snapshot knows that it was restored. */
  marker: unknown;
  /** Begun by an attempt that broke off: its temporary name. */
  begun?: string | undefined;
  /** Whether what there is of the folder stays, under its temporary name, after this error. */
  isKept?: (error: unknown) => boolean;
  /** Fills the folder under its temporary name. */
  fill: (folder: string) => Promise<void>;
  /** After the folder has its name. */
  placed?: (folder: string) => Promise<void>;
}

/**
 * @returns false when something took the place meanwhile
 * @throws what fill() throws, with nothing left behind but what isKept() keeps
 */
export async function placeFolder(placing: Placing): Promise<boolean> {
  const { destination, replace, marker, fill, placed } = placing;
  const parent = path.dirname(destination);
  const created = makeFolder(parent);
  const partial = placing.begun ?? path.join(parent, partialName(destination));
  const aside = partial.replace(/partial$/, "old");
  try {
    if (placing.begun === undefined) {
      await mkdir(partial);
      // First the two that keep it out of git and of snapshots, also while it is half written.
      await writeFile(path.join(partial, ".gitignore"), "*\n");
      await writeFile(path.join(partial, RESTORED_MARKER), `${JSON.stringify(marker, null, 2)}\n`);
    }
    await fill(partial);
    await syncFolder(partial);
    if (await exists(destination)) {
      if (!replace) {
        await rm(partial, { recursive: true, force: true });
        return false;
      }
      await rename(destination, aside);
    }
    let isOurs = false;
    try {
      await rename(partial, destination);
      isOurs = true;
      await placed?.(destination);
    } catch (error) {
      if (isOurs) await rm(destination, { recursive: true, force: true });
      if (await exists(aside)) await rename(aside, destination);
      throw error;
    }
    await syncFolder(parent);
    await rm(aside, { recursive: true, force: true });
    return true;
  } catch (error) {
    if (placing.isKept?.(error)) throw error;
    await rm(partial, { recursive: true, force: true });
    if (created !== null) await rmdir(parent).catch(() => undefined);
    throw explainDisk(error, destination);
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function explainDisk(error: unknown, place: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new UserError(
      `The disk of ${path.dirname(place)} is full; nothing was left behind.`,
      "Free some space, or restore to another folder.",
      { cause: error },
    );
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return new UserError(
      `${path.dirname(place)} cannot be written to (${code}).`,
      "Restore to another folder.",
      { cause: error },
    );
  return error;
}
