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

/**
 * Where a folder has become a link or a file, git still sees the files that were in it, through the link: not ours.
 * `added` are the staged names that the index did not have.
 */
export function dropHidden(
  entries: Map<string, number>,
  stage: string[],
  seen: Map<string, string>,
  added: ReadonlySet<string>,
): void {
  if (added.size === 0) return;
  const hidden = (name: string): boolean => {
    for (let at = name.lastIndexOf("/"); at > 0; at = name.lastIndexOf("/", at - 1))
      if (added.has(name.slice(0, at))) return true;
    return false;
  };
  for (const name of entries.keys()) if (hidden(name)) entries.delete(name);
  for (let at = stage.length - 1; at >= 0; at--) {
    const name = stage[at] ?? "";
    if (!hidden(name)) continue;
    stage.splice(at, 1);
    seen.delete(name);
  }
}
