/** Says that a disk is too small before minutes were spent on filling it. */
import { statfs } from "node:fs/promises";
import { countText } from "../numberWords.ts";
import { UserError } from "../userError.ts";

/** @param names what needs so many bytes, largest first, as a person reads it. @throws UserError */
export async function requireRoom(folder: string, bytes: number, names: readonly string[]): Promise<void> {
  const disk = await statfs(folder).catch(() => null);
  if (!disk || disk.bavail * disk.bsize >= bytes) return;
  const [first = "", ...others] = names;
  const what = others.length === 0 ? first : `${first} and ${countText(others.length, "other file")}`;
  throw new UserError(
    `A snapshot keeps a copy of ${what} in ${folder}, which needs ${countText(bytes, "byte")}; ` +
      `that disk has ${countText(disk.bavail * disk.bsize, "byte")} free.`,
    "Leave it out of the snapshot (add it to .gitignore, and link it or map it to a path on the pool), or free some space.",
  );
}
