/** Folders of a pool that can be looked into without pulling anything. */
import path from "node:path";
import { isInsidePath } from "../../protocol/base.ts";
import type { PoolCalls } from "../poolCalls.ts";
import { checkManifest } from "../restore/manifest.ts";

/** Whose files: what a run left, what a checkpoint holds, what was sent. */
export type Place =
  | { kind: "run"; runId: string }
  | { kind: "checkpoint"; uuid: string }
  | { kind: "snapshot"; experimentId: number };

export interface Entry {
  name: string;
  isFolder: boolean;
  /** 0 for a folder. */
  bytes: number;
  /** Null where nobody keeps it. */
  modifiedMs: number | null;
}

export interface Listing {
  /** By path within the place, "" for its root. */
  folders: ReadonlyMap<string, readonly Entry[]>;
  /** The pool has more than it listed. */
  isCut: boolean;
}

/**
 * Of a run the one folder that is asked for, since its files change; of the others, which never do, everything at once.
 * @param folder "" for the root
 * @throws PoolCallError, or UserError where a manifest is refused
 */
export async function listFolder(
  pool: Pick<PoolCalls, "call">,
  place: Place,
  folder: string,
): Promise<Listing> {
  switch (place.kind) {
    case "run": {
      const { files, truncated } = await pool.call("run/files", { runId: place.runId, path: folder || "." });
      const entries = files
        .filter((file) => isInsidePath(file.path) && folderOf(file.path) === folder)
        .map(({ path: file, isDirectory, bytes, modifiedAt }) => ({
          name: path.posix.basename(file),
          isFolder: isDirectory,
          bytes: isDirectory ? 0 : bytes,
          modifiedMs: modifiedAt,
        }));
      return { folders: new Map([[folder, entries]]), isCut: truncated };
    }
    case "checkpoint": {
      const answer = await pool.call("checkpoint/manifest", { uuid: place.uuid });
      const { files, createdAt } = checkManifest(answer.manifest, place.uuid);
      return { folders: foldersOf(files, createdAt * 1000), isCut: false };
    }
    case "snapshot": {
      const { files, truncated } = await pool.call("snapshot/files", { experimentId: place.experimentId });
      return { folders: foldersOf(files, null), isCut: truncated };
    }
  }
}

/** The folders of a flat list. What would lead out of it is left out; of a file and a folder of one name the folder stays. */
export function foldersOf(
  files: readonly { path: string; bytes: number }[],
  modifiedMs: number | null,
): Listing["folders"] {
  const folders = new Map<string, Map<string, Entry>>([["", new Map()]]);
  const addFolder = (folder: string): Map<string, Entry> => {
    const known = folders.get(folder);
    if (known) return known;
    const entries = new Map<string, Entry>();
    folders.set(folder, entries);
    const name = path.posix.basename(folder);
    addFolder(folderOf(folder)).set(name, { name, isFolder: true, bytes: 0, modifiedMs });
    return entries;
  };
  for (const file of files) {
    if (!isInsidePath(file.path) || file.path === ".") continue;
    const entries = addFolder(folderOf(file.path));
    const name = path.posix.basename(file.path);
    if (!entries.has(name)) entries.set(name, { name, isFolder: false, bytes: file.bytes, modifiedMs });
  }
  return new Map([...folders].map(([folder, entries]) => [folder, [...entries.values()]]));
}

function folderOf(file: string): string {
  const folder = path.posix.dirname(file);
  return folder === "." ? "" : folder;
}
