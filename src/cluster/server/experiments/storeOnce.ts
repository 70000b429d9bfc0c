/**
 * Identical files of checkpoints are stored once: as clones where the file system has them, else as one file with several names.
 * Each is compared byte by byte first, so a copy that has rotted never takes a good one's place.
 */
import { copyFile, constants, link, lstat, open, rename, rm, type FileHandle } from "node:fs/promises";
import path from "node:path";
import type { Manifest } from "../../protocol/runDirectory.ts";
import { messageOf } from "../errors.ts";
import { readManifest } from "./checkpoints.ts";
import type { Context } from "./context.ts";

/** Less is not worth a name. */
export const SMALLEST_BYTES = 64 * 1024;
const CHUNK_BYTES = 4 * 1024 * 1024;

export interface StoreOnceOptions {
  /** Absolute path of the pool's checkpoints. */
  folder: string;
  /** Other checkpoints that have a file with this digest, with its path in them. */
  others: (sha256: string) => { uuid: string; path: string }[];
  /** Not for root, who writes into read-only files too: a script that does would change all checkpoints that share it. */
  mayLink: boolean;
}

/** @returns bytes that are stored once now, and were stored twice */
export async function storeOnce(manifest: Manifest, options: StoreOnceOptions): Promise<number> {
  let saved = 0;
  for (const file of manifest.files) {
    if (file.bytes < SMALLEST_BYTES) continue;
    const target = path.join(options.folder, manifest.uuid, "files", file.path);
    for (const other of options.others(file.sha256)) {
      const source = path.join(options.folder, other.uuid, "files", other.path);
      const temporary = path.join(options.folder, manifest.uuid, ".once.tmp");
      if (await replace(source, target, temporary, options.mayLink)) saved += file.bytes;
      else continue;
      break;
    }
  }
  return saved;
}

/** @returns whether `target` is what `source` is now; whatever is in the way, it stays as it was */
async function replace(
  source: string,
  target: string,
  temporary: string,
  mayLink: boolean,
): Promise<boolean> {
  try {
    const [from, to] = await Promise.all([lstat(source), lstat(target)]);
    if (!from.isFile() || !to.isFile() || from.size !== to.size || from.ino === to.ino) return false;
    await rm(temporary, { force: true });
    const isClone = await copyFile(source, temporary, constants.COPYFILE_FICLONE_FORCE).then(
      () => true,
      () => false,
    );
    if (!isClone) {
      if (!mayLink) return false;
      await link(source, temporary);
    }
    if (await areEqual(temporary, target)) await rename(temporary, target);
    else return false;
    return true;
  } catch {
    return false; // gone meanwhile, too many names, no rights: twice is safe too
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

async function areEqual(left: string, right: string): Promise<boolean> {
  const a = await open(left);
  const b = await open(right).catch(async (error: unknown) => {
    await a.close();
    throw error;
  });
  const buffers = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)] as const;
  try {
    for (;;) {
      const [x, y] = await Promise.all([read(a, buffers[0]), read(b, buffers[1])]);
      if (!x.equals(y)) return false;
      if (x.length < CHUNK_BYTES) return true;
    }
  } finally {
    await Promise.all([a.close(), b.close()]);
  }
}

/** A full buffer, unless the file ends. */
async function read(file: FileHandle, buffer: Buffer): Promise<Buffer> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** One checkpoint after the other, beside everything else: a checkpoint is whole before, and after. */
export function createStoreOnce({ pool, store, logger }: Context) {
  const folder = path.join(pool, "checkpoints");
  let last: Promise<void> = Promise.resolve();
  let isClosed = false;

  async function once(uuid: string): Promise<void> {
    if (isClosed || !store.hasCheckpoint(uuid)) return;
    try {
      const manifest = await readManifest(folder, uuid);
      const bytes = await storeOnce(manifest, {
        folder,
        others: (sha256) => store.sameFiles(sha256, uuid),
        mayLink: process.getuid?.() !== 0,
      });
      // It may have been deleted meanwhile.
      if (store.hasCheckpoint(uuid))
        store.putCheckpointFiles(
          uuid,
          manifest.files.filter((file) => file.bytes >= SMALLEST_BYTES),
        );
      if (bytes > 0) logger.info("files of a checkpoint are stored once", { uuid, bytes });
    } catch (error) {
      logger.warn("could not look for identical files of a checkpoint", { uuid, error: messageOf(error) });
    }
  }

  return {
    /** To be called once it is listed. */
    add(uuid: string): void {
      last = last.then(() => once(uuid));
    },
    close(): Promise<void> {
      isClosed = true;
      return last;
    },
  };
}
