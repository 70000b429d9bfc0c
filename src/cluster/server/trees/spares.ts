/**
 * Working trees that are filled before anyone asks: taking one is a rename. After a run has got its working tree, another
 * of the same snapshot is made ready in quiet moments; the next submission, which differs by a few files, takes that one.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Logger } from "../ports.ts";
import { bytePath } from "./bytePath.ts";
import { fillFolder, type Method } from "./fill.ts";
import { sweepAbandoned } from "./sweep.ts";
import type { Size, TreeFolders } from "./treeFolders.ts";

const SPARE_NAME = /^([0-9a-f]{40,64})\.(reflink|copy|hardlink)\.[0-9a-f-]{36}$/;
/** Smaller ones are filled in a few milliseconds anyway. */
const MINIMUM_FILES = 500;
/** Copies cost space; links and reflinks do not. */
const MAXIMUM_COPIED_BYTES = 1024 * 1024 * 1024;
const KEPT_SPARES = 3;
/** The script that has just been started comes first. */
const QUIET_MS = 1000;

export interface Spares {
  /** Moves a spare of the tree to `folder`. False when there is none. */
  take(tree: string, method: Method, folder: string): Promise<boolean>;
  /** Makes one ready later, unless there is one. */
  prepare(tree: string, method: Method, size: Size): void;
  discard(): Promise<void>;
  /** Those of one tree, which nobody will take again. */
  forget(tree: string): Promise<void>;
  /** Ends the waiting; a spare that is being made is finished first. */
  close(): Promise<void>;
}

export function createSpares(folder: string, trees: TreeFolders, logger: Logger): Spares {
  let timer: NodeJS.Timeout | null = null;
  let work: Promise<void> = Promise.resolve();
  let discards = 0;

  async function list(): Promise<{ name: string; tree: string; method: string }[]> {
    const names = await readdir(folder).catch(() => []);
    return names.flatMap((name) => {
      const [, tree, method] = SPARE_NAME.exec(name) ?? [];
      return tree === undefined || method === undefined ? [] : [{ name, tree, method }];
    });
  }

  async function make(tree: string, method: Method): Promise<void> {
    const before = discards;
    const source = await trees.ensure(tree);
    const spares = await list();
    if (spares.some((spare) => spare.tree === tree && spare.method === method)) return;
    // Their order is not known, which does no harm: the next submission brings the right one back.
    for (const spare of spares.slice(0, Math.max(0, spares.length - KEPT_SPARES + 1)))
      await rm(path.join(folder, spare.name), { recursive: true, force: true });
    await sweepAbandoned(folder, ".building-");
    const building = path.join(folder, `.building-${randomUUID()}`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await fillFolder(source, bytePath(building), method);
      if (discards === before) await rename(building, path.join(folder, `${tree}.${method}.${randomUUID()}`));
    } finally {
      await rm(building, { recursive: true, force: true });
    }
  }

  async function remove(isMeant: (spare: { tree: string }) => boolean): Promise<void> {
    discards++;
    for (const spare of (await list()).filter(isMeant))
      await rm(path.join(folder, spare.name), { recursive: true, force: true });
  }

  return {
    take: async (tree, method, target) => {
      for (const spare of await list()) {
        if (spare.tree !== tree || spare.method !== method) continue;
        if (await isOfEarlierBoot(path.join(folder, spare.name))) continue;
        try {
          await rename(path.join(folder, spare.name), target);
          return true;
        } catch {
          // another run was faster
        }
      }
      return false;
    },
    prepare: (tree, method, size) => {
      if (size.files < MINIMUM_FILES || (method === "copy" && size.bytes > MAXIMUM_COPIED_BYTES)) return;
      if (timer !== null) clearTimeout(timer);
      timer = setTimeout(() => {
        timer = null;
        work = work
          .then(() => make(tree, method))
          .catch((error: unknown) => logger.warn("No spare working tree", { tree, error: String(error) }));
      }, QUIET_MS);
      timer.unref();
    },
    discard: () => remove(() => true),
    forget: (tree) => remove((spare) => spare.tree === tree),
    close: async () => {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      await work;
    },
  };
}

/** The machine may have gone down before the files of it were on the disk. It makes room for others in its turn. */
async function isOfEarlierBoot(spare: string): Promise<boolean> {
  const made = (await stat(spare).catch(() => null))?.ctimeMs ?? 0;
  return made < Date.now() - os.uptime() * 1000;
}
