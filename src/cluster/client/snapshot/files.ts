/** Looking at files by their byte paths. */
import { constants } from "node:fs";
import { access, lstat } from "node:fs/promises";

/** The file of a byte path, in any encoding. */
export function bytesOf(root: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, "latin1")]);
}

export interface Look {
  name: string;
  bytes: number;
  /** Null when there is no such file (any more). */
  state: string | null;
  problem: string | null;
}

/** Size and state of a file that is to be read, or why it cannot be. */
async function look(root: string, name: string): Promise<Look> {
  const file = bytesOf(root, name);
  const gone: Look = { name, bytes: 0, state: null, problem: null };
  try {
    const found = await lstat(file, { bigint: true });
    if (found.isDirectory()) return gone;
    if (!found.isFile() && !found.isSymbolicLink())
      return { ...gone, problem: "neither a file, a link nor a folder" };
    if (found.isFile()) await access(file, constants.R_OK);
    return {
      name,
      bytes: Number(found.size),
      state: `${found.mtimeNs}/${found.size}/${found.ino}`,
      problem: null,
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return gone;
    const reason = code === "EACCES" ? "permission denied" : (code ?? String(error));
    return { ...gone, problem: `cannot be read: ${reason}` };
  }
}

/** Enough to keep the disk busy, few enough for a folder of a million files. */
const AT_ONCE = 500;

export async function lookAtAll(root: string, names: readonly string[]): Promise<Look[]> {
  const found: Look[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE)
    found.push(...(await Promise.all(names.slice(at, at + AT_ONCE).map((name) => look(root, name)))));
  return found;
}
