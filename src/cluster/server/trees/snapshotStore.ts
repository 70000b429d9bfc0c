import { pipeline } from "node:stream/promises";
import path from "node:path";
import { PassThrough } from "node:stream";
import { isInsidePath } from "../../protocol/base.ts";
import type { Logger, SnapshotFile, SnapshotStore } from "../ports.ts";
import { bytePathFrom, isTreePath, toText } from "./bytePath.ts";
import { ended } from "./git.ts";
import { pruneFolder } from "./prune.ts";
import { INCOMING, receivePack } from "./receive.ts";
import { createCollector } from "./collector.ts";
import { createRepository } from "./repository.ts";
import { CallError } from "../callError.ts";
import { createSpares } from "./spares.ts";
import { sweepAbandoned } from "./sweep.ts";
import { createTreeFolders } from "./treeFolders.ts";
import { createWorkBuilder, type Host, probeReflinks } from "./work.ts";
import { readWorkFile, writeWorkFile } from "./workFile.ts";

const SPARES = ".spare";
const BUILDING = ".building-";

/** Git's id of a tree without files. */
const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** The store of this machine, with what its neighbours in the server need beyond the port. */
export interface LocalSnapshotStore extends SnapshotStore {
  /** Absolute path of the tree's complete, read-only folder; built if need be. */
  treeFolder(tree: string): Promise<string>;
  /** Ends background work. */
  close(): Promise<void>;
}

/**
 * Snapshots in `<poolFolder>/snapshots.git`, built once each in `<poolFolder>/trees`.
 * @param knownHost what files can do here; found out when null
 * All methods throw CallError (with a reason, and a remedy where there is one) for what a person can understand.
 */
export function createSnapshotStore(
  poolFolder: string,
  logger: Logger,
  knownHost: Host | null = null,
): LocalSnapshotStore {
  const repository = createRepository(path.join(poolFolder, "snapshots.git"));
  const treesFolder = path.join(poolFolder, "trees");
  const trees = createTreeFolders(treesFolder, repository, logger);
  const spares = createSpares(path.join(treesFolder, SPARES), trees, logger);
  const collector = createCollector(repository, logger);
  // A pool has one server, so what was half made before this one began has nobody any more. It may be gigabytes.
  const swept = Promise.all([
    sweepAbandoned(path.join(repository.folder, INCOMING), "", 0),
    sweepAbandoned(treesFolder, BUILDING, 0),
    sweepAbandoned(path.join(treesFolder, SPARES), BUILDING, 0),
  ]).catch((error: unknown) =>
    logger.warn("What was half made could not be removed", { error: String(error) }),
  );
  let host: Promise<Host> | null = null;
  const findHost = (): Promise<Host> => {
    host ??=
      knownHost === null
        ? probeReflinks(treesFolder).then((reflinks) => ({ reflinks, isRoot: process.getuid?.() === 0 }))
        : Promise.resolve(knownHost);
    return host;
  };
  const work = createWorkBuilder(trees, spares, findHost, logger);

  async function need(tree: string): Promise<void> {
    await swept;
    if (!(await repository.has(tree)))
      throw new CallError("notFound", `the pool has no snapshot ${tree}.`, "Submit again.");
  }

  return {
    has: (tree) => repository.has(tree),
    receivePack: async (tree, pack, signal) => {
      if (tree.length !== 40)
        throw new CallError(
          "refused",
          "the pool keeps snapshots of SHA-1 repositories only; this one is of SHA-256.",
        );
      await repository.ready();
      await swept;
      // Two clients may send the same tree at once: each pack is checked by itself, and equal objects are equal files.
      await collector.apart(() => receivePack(repository, tree, pack, signal));
    },
    openPack: (tree) => {
      const out = new PassThrough();
      const args = ["pack-objects", "--revs", "--stdout", "-q"];
      void (async () => {
        await need(tree);
        const child = repository.git.start(args);
        const end = ended(child, args);
        child.stdin.on("error", () => undefined).end(`${tree}\n`);
        out.once("close", () => child.kill("SIGKILL"));
        await Promise.all([pipeline(child.stdout, out), end]);
      })().catch((error: unknown) => out.destroy(error instanceof Error ? error : new Error(String(error))));
      return out;
    },
    files: async (tree, limit) => {
      await need(tree);
      return listFiles(repository, tree, limit);
    },
    readFile: async (tree, file, maxBytes) => {
      await need(tree);
      return readBlob(repository, tree, file, maxBytes);
    },
    buildWork: async (tree, folder, links) => {
      await need(tree);
      await work.build(tree, folder, links);
    },
    keepEmpty: async () => {
      if (await repository.has(EMPTY_TREE)) return EMPTY_TREE;
      await repository.git.output(["hash-object", "-t", "tree", "-w", "/dev/null"]);
      await repository.pin(EMPTY_TREE);
      return EMPTY_TREE;
    },
    forget: async (tree) => {
      await repository.unpin(tree);
      await spares.forget(tree);
      await trees.forgetUnpinned();
      collector.plan();
    },
    prune: async (tree, folder) => {
      await swept;
      const file = await readWorkFile(folder);
      if (file === null || file.tree !== tree || file.pruned) return;
      const { damaged } = await pruneFolder(folder, await trees.ensure(tree), file);
      await writeWorkFile(folder, { ...file, pruned: true });
      if (!damaged) return;
      logger.warn("A run wrote into the files of its snapshot; trees are built again", { tree });
      await spares.discard();
      await trees.discard();
    },
    treeFolder: async (tree) => {
      await need(tree);
      return toText(await trees.ensure(tree));
    },
    close: async () => {
      await swept;
      await collector.close();
      await spares.close();
    },
  };
}

type Repository = ReturnType<typeof createRepository>;

async function listFiles(
  repository: Repository,
  tree: string,
  limit: number,
): ReturnType<SnapshotStore["files"]> {
  const output = await repository.git.output(["ls-tree", "-r", "-z", "-l", "--full-tree", tree]);
  const files: SnapshotFile[] = [];
  let count = 0;
  for (let start = 0; start < output.length;) {
    const end = output.indexOf(0, start);
    const tab = output.indexOf(9, start);
    if (count++ >= limit) return { files, truncated: true };
    // <mode> SP <type> SP <id> SP <size, padded> TAB <path>; a submodule has "-" for its size
    const [mode = "", , id = "", size = "0"] = output.toString("latin1", start, tab).split(/ +/);
    files.push({
      mode,
      id,
      bytes: Number(size) || 0,
      path: toText(bytePathFrom(output.subarray(tab + 1, end))),
    });
    start = end + 1;
  }
  return { files, truncated: false };
}

async function readBlob(
  repository: Repository,
  tree: string,
  file: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const missing = new CallError("notFound", `the snapshot has no file ${file}.`);
  if (!isInsidePath(file) || !isTreePath(bytePathFrom(Buffer.from(file)))) throw missing;
  const listing = await repository.git.output(["ls-tree", "-z", "-l", "--full-tree", tree, "--", file]);
  const [, type, id, size] = listing.toString("latin1", 0, Math.max(0, listing.indexOf(9))).split(/ +/);
  if (type !== "blob" || id === undefined) throw missing;
  if (Number(size) > maxBytes)
    throw new CallError("refused", `${file} has ${size} bytes, more than the ${maxBytes} that can be shown.`);
  return repository.git.output(["cat-file", "blob", id]);
}
