import { statfs } from "node:fs/promises";

/** Bytes that this account may still write in the file system of a folder; 0 when that cannot be told. */
export async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
