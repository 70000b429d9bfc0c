/** What a run left in its working tree, or changed there. Symbolic links are never followed, nor shown. */
import { type Dirent, readdirSync } from "node:fs";
import path from "node:path";
import { isInsidePath } from "../../protocol/base.ts";
import type { RunFile } from "../../protocol/methods.ts";
import { type BytePath, bytePath, join, toNative, toText } from "../trees/bytePath.ts";
import { entryStat } from "../trees/entryStat.ts";
import { compare, DERIVED_FOLDER } from "../trees/leftovers.ts";
import { createPacer, type Pacer } from "../trees/pacer.ts";
import { readWorkFile } from "../trees/workFile.ts";
import { findInside } from "../insidePath.ts";
import { CallError } from "../callError.ts";
import { FILES, runFolder } from "./runFolder.ts";

const MAX_LISTED = 5000;

export interface RunFiles {
  /** One folder of `work/`, `"."` for its root. Of a folder of the snapshot only what differs from it is listed. */
  list(runId: string, folder: string): Promise<{ files: RunFile[]; truncated: boolean }>;
  /** Absolute path and size of a regular file in `work/`. @throws CallError for anything else */
  locate(runId: string, file: string): Promise<{ path: string; bytes: number }>;
}

export interface RunFilesOptions {
  pool: string;
  /** Folder of a complete snapshot (LocalSnapshotStore). */
  treeFolder: (tree: string) => Promise<string>;
}

interface Original {
  tree: BytePath;
  builtAtMs: number;
}

export function createRunFiles({ pool, treeFolder }: RunFilesOptions): RunFiles {
  const workOf = (runId: string): string => path.join(runFolder(pool, runId), FILES.work);

  /** Null when everything in the working tree is the run's own. */
  async function originalOf(work: string): Promise<Original | null> {
    const file = await readWorkFile(work);
    if (file === null || file.pruned) return null;
    return { tree: bytePath(await treeFolder(file.tree)), builtAtMs: file.builtAtMs };
  }

  return {
    list: async (runId, folder) => {
      const work = workOf(runId);
      if ((await findInside(work, folder, "folder")) === null)
        throw new CallError("notFound", `The run has no folder ${folder}.`);
      const original = await originalOf(work);
      const files: RunFile[] = [];
      const pacer = createPacer();
      for (const entry of entriesOf(bytePath(path.join(work, folder)))) {
        const relative = path.join(folder, toText(entry.name as BytePath));
        // Such a name cannot be asked for over the wire.
        if (!isInsidePath(relative)) continue;
        const theirs = original === null ? null : join(original.tree, bytePath(relative));
        const ours = join(bytePath(path.join(work, folder)), entry.name);
        if (!(await isLeft(entry, ours, theirs, original?.builtAtMs ?? 0, pacer))) continue;
        const stat = entryStat(ours);
        if (stat === null) continue; // the script removed it meanwhile
        if (files.length === MAX_LISTED) return { files, truncated: true };
        const isDirectory = stat.isDirectory();
        const bytes = isDirectory ? 0 : Number(stat.size);
        files.push({ path: relative, bytes, modifiedAt: Number(stat.mtimeMs), isDirectory });
      }
      return { files, truncated: false };
    },
    locate: async (runId, file) => {
      const found = await findInside(workOf(runId), file, "file");
      if (found === null) throw new CallError("notFound", `The run has no file ${file}.`);
      return found;
    },
  };
}

function entriesOf(folder: BytePath): Dirent[] {
  return readdirSync(toNative(folder), { withFileTypes: true, encoding: "latin1" })
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .filter((entry) => entry.name !== DERIVED_FOLDER)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** True for a file that differs from the snapshot's, and for a folder that holds one (or is not the snapshot's). */
async function isLeft(
  entry: Dirent,
  ours: BytePath,
  theirs: BytePath | null,
  builtAtMs: number,
  pacer: Pacer,
): Promise<boolean> {
  if (pacer.due()) await pacer.rest();
  if (theirs === null) return true;
  if (!entry.isDirectory()) return compare(ours, theirs, builtAtMs) !== "same";
  if (!entryStat(theirs)?.isDirectory()) return true;
  let inside: Dirent[];
  try {
    inside = entriesOf(ours);
  } catch {
    return true; // not readable, or gone: then its own listing says so
  }
  for (const each of inside)
    if (await isLeft(each, join(ours, each.name), join(theirs, each.name), builtAtMs, pacer)) return true;
  return false;
}
