/** Builds a run's working tree, which must be real: scripts look for their files beside themselves, and write there. */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, lstat, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import type { LinkedPath } from "../../protocol/entities.ts";
import type { Logger } from "../ports.ts";
import { bytePath } from "./bytePath.ts";
import { fillFolder, hasCode, type Method, removeEntries } from "./fill.ts";
import { CallError } from "../callError.ts";
import type { Spares } from "./spares.ts";
import { sweepAbandoned } from "./sweep.ts";
import type { Size, Stage, TreeFolders } from "./treeFolders.ts";
import { readWorkFile, writeWorkFile } from "./workFile.ts";

/** Up to here every file is copied, so that a script may write into any; beyond it hard links to read-only files. */
const MAX_COPIED_FILES = 5000;
const MAX_COPIED_BYTES = 100 * 1024 * 1024;
const BUILDING = ".work-";

export interface Host {
  reflinks: boolean;
  /** Root writes into read-only files, so that a hard link would let a script change the snapshot. */
  isRoot: boolean;
}

export function chooseMethod(size: Size, host: Host): Method {
  if (host.reflinks) return "reflink";
  if (host.isRoot || (size.files <= MAX_COPIED_FILES && size.bytes <= MAX_COPIED_BYTES)) return "copy";
  return "hardlink";
}

/** True when files of this folder's file system can share their blocks (Btrfs, XFS, bcachefs). */
export async function probeReflinks(folder: string): Promise<boolean> {
  const source = path.join(folder, `.probe-${randomUUID()}`);
  const target = `${source}-copy`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(source, "reflink?");
    await copyFile(source, target, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  } finally {
    await rm(source, { force: true });
    await rm(target, { force: true });
  }
}

export interface WorkBuilder {
  build(tree: string, work: string, links: readonly LinkedPath[]): Promise<void>;
}

export function createWorkBuilder(
  trees: TreeFolders,
  spares: Spares,
  host: () => Promise<Host>,
  logger: Logger,
): WorkBuilder {
  async function fill(tree: string, stage: Stage, method: Method, target: string): Promise<void> {
    const to = bytePath(target);
    if (await spares.take(tree, method, target)) return;
    if (stage.patch !== null && (await spares.take(stage.baseTree, method, target)))
      await removeEntries(to, stage.changed);
    else await fillFolder(stage.base, to, method, stage.changed);
    if (stage.patch !== null) await fillFolder(stage.patch, to, method);
  }

  async function build(tree: string, work: string, links: readonly LinkedPath[]): Promise<void> {
    const { method, size, made } = await trees.withStage(tree, async (stage) => {
      const method = chooseMethod(stage.size, await host());
      const building = path.join(path.dirname(work), `${BUILDING}${randomUUID()}`);
      try {
        await mkdir(path.dirname(work), { recursive: true, mode: 0o700 });
        await fill(tree, stage, method, building);
        const made = await makeLinks(building, links, logger);
        await writeWorkFile(work, { version: 1, tree, method, links: made, pruned: false });
        await rename(building, work);
        return { method, size: stage.size, made };
      } catch (error) {
        await rm(building, { recursive: true, force: true });
        throw error;
      }
    });
    spares.prepare(tree, method, size);
    logger.info("Built a working tree", { tree, method, files: size.files, links: made.length });
  }

  return {
    build: async (tree, work, links) => {
      // work.json is written before the rename: a working tree that is there is whole.
      const existing = await readWorkFile(work);
      if (existing?.tree === tree && (await isFolder(work))) return;
      await rm(work, { recursive: true, force: true });
      // Nobody else builds for this run: what is there is of a server that was killed.
      await sweepAbandoned(path.dirname(work), BUILDING, 0);
      try {
        await build(tree, work, links);
      } catch (error) {
        if (hasCode(error, "ENOSPC", "EDQUOT"))
          throw new CallError(
            "unavailable",
            `There is no space left for the run's working tree in ${path.dirname(work)}.`,
            "Delete experiments that are no longer needed, or move the pool with TRAINYARD_HOME.",
          );
        if (!hasCode(error, "ENOENT")) throw error;
        // An old tree may be cleared away in the moment in which it is chosen as a base.
        await build(tree, work, links);
      }
    },
  };
}

/** @returns the links that were made; what the snapshot itself has at that path is left alone */
async function makeLinks(
  folder: string,
  links: readonly LinkedPath[],
  logger: Logger,
): Promise<{ path: string; target: string }[]> {
  const made: { path: string; target: string }[] = [];
  for (const link of links) {
    if (!path.isAbsolute(link.target))
      throw new CallError(
        "invalid",
        `${link.path} is to be linked to ${link.target}, which is not an absolute path.`,
      );
    if (!(await makeParents(folder, link.path))) continue;
    try {
      await symlink(link.target, path.join(folder, link.path));
      made.push({ path: link.path, target: link.target });
    } catch (error) {
      if (!hasCode(error, "EEXIST")) throw error;
      logger.info("The snapshot has a file where a path was to be linked", { path: link.path });
    }
  }
  return made;
}

/** Makes real folders down to the link's place. False when something of the snapshot is in the way. */
async function makeParents(folder: string, relative: string): Promise<boolean> {
  let at = folder;
  for (const name of relative.split("/").slice(0, -1)) {
    at = path.join(at, name);
    const stat = await lstat(at).catch(() => null);
    if (stat === null) await mkdir(at);
    else if (!stat.isDirectory()) return false; // a symbolic link could lead anywhere
  }
  return true;
}

async function isFolder(file: string): Promise<boolean> {
  return (await lstat(file).catch(() => null))?.isDirectory() ?? false;
}
