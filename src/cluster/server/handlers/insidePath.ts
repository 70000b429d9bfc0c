/** Opens nothing outside of a folder, whatever links a script has left in it. */
import { realpath } from "node:fs/promises";
import path from "node:path";
import { isInsidePath } from "../../protocol/base.ts";
import { CallError } from "../callError.ts";

/**
 * @param folder absolute
 * @param relative `/`-separated path inside of it; `.` is the folder
 * @returns the real path, free of links
 * @throws CallError when it does not exist or a link leads out
 */
export async function resolveInside(folder: string, relative: string): Promise<string> {
  const missing = new CallError(
    "notFound",
    `There is no file ${relative} here.`,
    "It may have been removed.",
  );
  if (!isInsidePath(relative))
    throw new CallError("invalid", `"${relative}" is not a path inside of the folder.`);
  let root: string;
  let target: string;
  try {
    root = await realpath(folder);
    target = await realpath(path.join(root, relative));
  } catch {
    throw missing;
  }
  if (target !== root && !target.startsWith(root + path.sep))
    throw new CallError(
      "refused",
      `${relative} leads out of the run's folder.`,
      "Open the file that it links to instead.",
    );
  return target;
}
