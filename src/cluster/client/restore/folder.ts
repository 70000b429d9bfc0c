/** A folder that appears whole or not at all: written under another name beside its place, then renamed. */
import { randomBytes } from "node:crypto";
import { lstat, mkdir, open, rename, rm, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { RESTORED_MARKER } from "../snapshot/restored.ts";
import { UserError } from "../userError.ts";

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
  /** Fills the folder under its temporary name. */
  fill: (folder: string) => Promise<void>;
  /** After the folder has its name. */
  placed?: (folder: string) => Promise<void>;
}

/** @throws what fill() throws, with nothing left behind; `false` when something took the place meanwhile */
export async function placeFolder({ destination, replace, marker, fill, placed }: Placing): Promise<boolean> {
  const parent = path.dirname(destination);
  const created = await mkdir(parent, { recursive: true });
  const tag = `${path.basename(destination)}.${randomBytes(4).toString("hex")}`;
  const partial = path.join(parent, `.${tag}.partial`);
  const aside = path.join(parent, `.${tag}.old`);
  try {
    await mkdir(partial);
    // First the two that keep it out of git and of snapshots, also while it is half written.
    await writeFile(path.join(partial, ".gitignore"), "*\n");
    await writeFile(path.join(partial, RESTORED_MARKER), `${JSON.stringify(marker, null, 2)}\n`);
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
    await rm(partial, { recursive: true, force: true });
    if (created !== undefined) await rmdir(parent).catch(() => undefined);
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
