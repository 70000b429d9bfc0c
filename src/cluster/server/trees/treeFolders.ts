/**
 * trees/<tree>/: snapshots built once, read-only, each by hard links from the nearest one and the files that differ.
 *
 * A run must not wait until 20,000 links are made. So a tree is first staged: only the files that differ are written, to
 * a folder of their own, and a working tree is filled from the base and that stage. The tree itself is completed later.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import type { Logger } from "../ports.ts";
import { bootId } from "../runs/processes.ts";
import { writeEntries } from "./blobs.ts";
import { type BytePath, bytePath, join, toNative } from "./bytePath.ts";
import { entryStat } from "./entryStat.ts";
import { fillFolder } from "./fill.ts";
import { createWriteOut, type WriteOut } from "./durable.ts";
import { sweepAbandoned } from "./sweep.ts";
import type { Repository, TreeChange, TreeEntry } from "./repository.ts";

const TREE_NAME = /^([0-9a-f]{40}|[0-9a-f]{64})$/;
const CANDIDATES = 4;
/** Older ones are removed: they can be built again from the repository at any time. */
const KEPT_TREES = 30;

const Size = z.object({ files: z.number(), bytes: z.number() });
export type Size = z.infer<typeof Size>;
/** `boot`: until the files are on the disk for sure, the start of the machine in which they were written. */
const SizeFile = Size.extend({ boot: z.string().optional() });

/** How to get a tree: everything of the folder `base` but what `changed` names, and everything of `patch`. */
export interface Stage {
  baseTree: string;
  base: BytePath;
  patch: BytePath | null;
  changed: readonly BytePath[];
  size: Size;
}

export interface TreeFolders {
  /** Runs `use` with a stage of the tree, which stays in place until it has ended. */
  withStage<T>(tree: string, use: (stage: Stage) => Promise<T>): Promise<T>;
  /** The complete folder, built if need be. */
  ensure(tree: string): Promise<BytePath>;
  /** Forgets all folders: someone wrote into one. They are built again from the repository. */
  discard(): Promise<void>;
  /** Removes the folders of trees that the repository has forgotten; while something is built, that comes after it. */
  forgetUnpinned(): Promise<void>;
}

interface Counted {
  stage: Stage;
  users: number;
  dropped: boolean;
}

export function createTreeFolders(
  folder: string,
  repository: Repository,
  logger: Logger,
  writeOut: WriteOut = createWriteOut(folder),
): TreeFolders {
  const stages = new Map<string, Promise<Counted>>();
  const building = new Map<string, Promise<BytePath>>();

  const folderOf = (tree: string): string => path.join(folder, tree);
  const sizeFile = (tree: string): string => path.join(folder, `${tree}.json`);
  const temporary = (): string => path.join(folder, `.building-${randomUUID()}`);

  async function complete(tree: string): Promise<Size | null> {
    try {
      await stat(folderOf(tree));
      const { boot, ...size } = SizeFile.parse(JSON.parse(await readFile(sizeFile(tree), "utf8")));
      if (boot === undefined || boot === bootId()) return size;
      await removeTree(tree); // the machine went down while it was young: its files may be empty
      return null;
    } catch {
      return null;
    }
  }

  async function writeSize(tree: string, content: z.infer<typeof SizeFile>): Promise<void> {
    const file = `${temporary()}.json`;
    await writeFile(file, JSON.stringify(content));
    await rename(file, sizeFile(tree));
  }

  /** Gives a finished folder its name. The size first: a folder that is there has one. */
  async function publish(built: string, tree: string, size: Size): Promise<BytePath> {
    await writeSize(tree, { ...size, boot: bootId() });
    try {
      await rename(built, folderOf(tree));
    } catch (error) {
      if ((await complete(tree)) === null) throw error;
      await rm(built, { recursive: true, force: true }); // another server was faster
    }
    writeOut.later(async () => {
      if ((await complete(tree)) !== null) await writeSize(tree, size);
    });
    return bytePath(folderOf(tree));
  }

  async function known(): Promise<string[]> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const names = (await readdir(folder)).filter((name) => TREE_NAME.test(name));
    const used = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(sizeFile(name)).catch(() => null))?.mtimeMs ?? 0 })),
    );
    return used.sort((a, b) => b.at - a.at).map(({ name }) => name);
  }

  /** The tree among those last used that differs least, unless building from the repository is as good. */
  async function nearest(tree: string): Promise<{ base: string; size: Size; changes: TreeChange[] } | null> {
    let best: { base: string; size: Size; changes: TreeChange[] } | null = null;
    for (const base of (await known())
      .filter((name) => name !== tree && name.length === tree.length)
      .slice(0, CANDIDATES)) {
      const size = await complete(base);
      if (size === null || !(await repository.has(base))) continue;
      const changes = await repository.changes(base, tree);
      if (changes.length > size.files / 2) continue;
      if (best === null || changes.length < best.changes.length) best = { base, size, changes };
      if (best.changes.length <= size.files / 50) break;
    }
    return best;
  }

  async function stage(tree: string): Promise<Counted> {
    const size = await complete(tree);
    const now = new Date();
    if (size !== null) {
      await utimes(sizeFile(tree), now, now);
      return count({ baseTree: tree, base: bytePath(folderOf(tree)), patch: null, changed: [], size });
    }
    const near = await nearest(tree);
    if (near === null) return count(await fromRepository(tree));
    const base = bytePath(folderOf(near.base));
    const patch = temporary();
    const present = near.changes.flatMap(({ entry }) => entry ?? []);
    await writeEntries(repository, present, bytePath(patch), false);
    return count({
      baseTree: near.base,
      base,
      patch: bytePath(patch),
      changed: near.changes.map((change) => change.path),
      size: resized(near.size, base, bytePath(patch), near.changes),
    });
  }

  async function fromRepository(tree: string): Promise<Stage> {
    const built = temporary();
    const entries = await repository.entries(tree);
    const bytes = await writeEntries(repository, entries, bytePath(built), false);
    const size = { files: entries.filter(isFile).length, bytes };
    const base = await publish(built, tree, size);
    return { baseTree: tree, base, patch: null, changed: [], size };
  }

  async function drop(tree: string, counted: Counted): Promise<void> {
    if (stages.get(tree) !== undefined) stages.delete(tree);
    counted.dropped = true;
    await release(counted);
  }

  async function release(counted: Counted): Promise<void> {
    if (!counted.dropped || counted.users > 0 || counted.stage.patch === null) return;
    await rm(toNative(counted.stage.patch), { recursive: true, force: true });
  }

  const self: TreeFolders = {
    withStage: async (tree, use) => {
      let pending = stages.get(tree);
      if (pending === undefined) {
        pending = stage(tree);
        stages.set(tree, pending);
        pending.catch(() => stages.delete(tree));
      }
      const counted = await pending;
      counted.users++;
      try {
        return await use(counted.stage);
      } finally {
        counted.users--;
        // A tree that is complete needs no stage; asking again is cheap and sees when it was removed.
        if (counted.stage.patch === null) stages.delete(tree);
        await release(counted);
      }
    },
    ensure: (tree) => {
      let pending = building.get(tree);
      if (pending === undefined) {
        pending = self.withStage(tree, async (stage) => {
          if (stage.patch === null) return stage.base;
          const built = temporary();
          await fillFolder(stage.base, bytePath(built), "hardlink", stage.changed);
          await fillFolder(stage.patch, bytePath(built), "hardlink");
          const folder = await publish(built, tree, stage.size);
          const counted = await stages.get(tree);
          if (counted !== undefined) await drop(tree, counted);
          return folder;
        });
        building.set(tree, pending);
        void pending
          .then(() => removeOld())
          .catch((error: unknown) => logger.warn("A tree could not be built", { tree, error: String(error) }))
          .finally(() => building.delete(tree));
      }
      return pending;
    },
    forgetUnpinned: removeOld,
    discard: async () => {
      stages.clear();
      for (const tree of await known()) await removeTree(tree);
    },
  };

  async function removeTree(tree: string): Promise<void> {
    const gone = temporary();
    await rename(folderOf(tree), gone);
    await rm(sizeFile(tree), { force: true });
    await rm(gone, { recursive: true, force: true });
  }

  async function removeOld(): Promise<void> {
    for (const [index, tree] of (await known()).entries()) {
      if (index < KEPT_TREES && (await repository.has(tree))) continue;
      if (building.size > 1 || stages.size > 0) return; // one of them may stand on it
      await removeTree(tree);
    }
    await sweepAbandoned(folder, ".building-");
  }

  return self;
}

function count(stage: Stage): Counted {
  return { stage, users: 0, dropped: false };
}

function isFile(entry: TreeEntry): boolean {
  return entry.mode === "100644" || entry.mode === "100755";
}

function resized(size: Size, base: BytePath, patch: BytePath, changes: readonly TreeChange[]): Size {
  let { files, bytes } = size;
  for (const { path } of changes) {
    const before = entryStat(join(base, path));
    const after = entryStat(join(patch, path));
    if (before?.isFile()) [files, bytes] = [files - 1, bytes - Number(before.size)];
    if (after?.isFile()) [files, bytes] = [files + 1, bytes + Number(after.size)];
  }
  return { files, bytes };
}
