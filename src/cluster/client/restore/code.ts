/** The code that made a checkpoint, exact bytes, beside it: a git worktree where the person has a repository. */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { git, runGit, startGit, type GitOptions } from "../git.ts";
import type { PoolCalls } from "../poolCalls.ts";
import { findRepository, type PersonRepository } from "../snapshot/person.ts";
import { RESTORED_MARKER } from "../snapshot/restored.ts";
import { messageOf, UserError } from "../userError.ts";
import { exists, placeFolder } from "./folder.ts";

export interface RestoreCodeOptions {
  connection: PoolCalls;
  experimentId: number;
  /** Final path of a folder that will hold the code in a folder named `code`. */
  destination: string;
  /** The person's workspace: where it is a git repository, the code becomes a worktree of it. */
  workspace?: string;
  signal?: AbortSignal;
}

export interface RestoredCode {
  /** The folder of the code itself. */
  folder: string;
  tree: string;
  /** It was there before; what the person has done in it since stays. */
  wasThere: boolean;
  /** The commit of a new detached worktree, or null for plain files. */
  commit: string | null;
  /** Why it is plain files although there is a repository. */
  note: string | null;
}

/** @throws UserError (also when something else is there), GitError, AbortError; then nothing was left behind */
export async function restoreCode(options: RestoreCodeOptions): Promise<RestoredCode> {
  const { connection, experimentId, signal } = options;
  const destination = path.resolve(options.destination);
  const { tree, ticket } = await connection.call("snapshot/fetch", { experimentId }, { signal });
  const placed = path.join(destination, "code");
  if (await exists(destination)) {
    if ((await treeOf(destination)) !== tree || !(await exists(placed)))
      throw new UserError(
        `${destination} is there already, and it is not the code of experiment ${experimentId}.`,
        "Remove it, or restore to another folder.",
      );
    return { folder: placed, tree, wasThere: true, commit: null, note: null };
  }
  const scratch = await mkdtemp(path.join(os.tmpdir(), "trainyard-code-"));
  try {
    const pack = path.join(scratch, "snapshot.pack");
    await pipeline(await connection.bulkGet(ticket, null, signal), createWriteStream(pack), {
      ...(signal ? { signal } : {}),
    });
    const bare = path.join(scratch, "objects.git");
    await unpack(bare, pack, scratch, signal);

    const repository = options.workspace
      ? (await findRepository(options.workspace, signal)).repository
      : null;
    const made: { worktree: Worktree | null; note: string | null } = { worktree: null, note: null };
    let isPlaced = false;
    try {
      isPlaced = await placeFolder({
        destination,
        replace: false,
        marker: { experimentId, tree },
        fill: async (folder) => {
          const code = path.join(folder, "code");
          if (repository) {
            // One that was here before and was deleted by hand: the repository may still know it by this path.
            if (!(await exists(placed))) await forgetWorktree(repository, placed);
            try {
              made.worktree = await addWorktree(repository, code, { tree, pack, experimentId, signal });
            } catch (error) {
              await forgetWorktree(repository, code);
              signal?.throwIfAborted();
              made.note = `Restored as plain files: ${messageOf(error)}`;
            }
          }
          await mkdir(code, { recursive: true });
          await checkOut(bare, tree, code, scratch, signal);
          if (made.worktree !== null) await git(["read-tree", "HEAD"], inRepository(code, signal));
        },
        // The repository knows its worktree by the temporary name.
        placed: async () => {
          if (made.worktree !== null)
            await writeFile(path.join(made.worktree.entry, "gitdir"), `${path.join(placed, ".git")}\n`);
        },
      });
    } finally {
      // Only its own entry: the folder of another one may be on a disk that is not mounted now.
      if (repository && made.worktree !== null && !isPlaced)
        await forgetWorktree(repository, made.worktree.folder);
    }
    if (!isPlaced) throw new UserError(`${destination} was created meanwhile.`, "Restore to another folder.");
    return { folder: placed, tree, wasThere: false, commit: made.worktree?.commit ?? null, note: made.note };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The tree of the code that was restored to a folder before, by its marker. */
async function treeOf(folder: string): Promise<unknown> {
  const marker = await readFile(path.join(folder, RESTORED_MARKER), "utf8").catch(() => null);
  try {
    return (JSON.parse(marker ?? "null") as { tree?: unknown } | null)?.tree ?? null;
  } catch {
    return null;
  }
}

/** The pack is a pool's, so every object of it is checked (names such as `..` and `.git` in trees among them). */
async function unpack(
  bare: string,
  pack: string,
  scratch: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options: GitOptions = {
    cwd: scratch,
    environment: withoutConfiguration(scratch),
    ...(signal ? { signal } : {}),
  };
  await git(["init", "--quiet", "--bare", "--template=", bare], options);
  await mkdir(path.join(bare, "info"), { recursive: true });
  await writeFile(
    path.join(bare, "info", "attributes"),
    "* -text -eol -filter -ident -working-tree-encoding -crlf\n",
  );
  await indexPack(pack, { ...options, cwd: bare });
}

async function indexPack(pack: string, options: GitOptions): Promise<void> {
  const child = startGit(["index-pack", "--stdin", "--strict"], options);
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdout?.resume();
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (child.stdin) await pipeline(createReadStream(pack), child.stdin).catch(() => undefined);
  if ((await ended) !== 0)
    throw new UserError(
      `The snapshot that the pool sent is refused: ${stderr.trim().split("\n").pop() ?? ""}.`,
    );
}

async function checkOut(
  bare: string,
  tree: string,
  code: string,
  scratch: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options: GitOptions = {
    cwd: code,
    environment: {
      ...withoutConfiguration(scratch),
      GIT_DIR: bare,
      GIT_WORK_TREE: code,
      GIT_INDEX_FILE: path.join(scratch, "index"),
    },
    config: { "core.bare": "false", "core.hooksPath": "/dev/null", "core.attributesFile": "/dev/null" },
    ...(signal ? { signal } : {}),
  };
  await git(["read-tree", tree], options);
  await git(["checkout-index", "--all", "--force"], options);
}

interface Worktree {
  folder: string;
  /** Where the repository keeps what it knows of it. */
  entry: string;
  commit: string;
}

async function addWorktree(
  repository: PersonRepository,
  code: string,
  snapshot: { tree: string; pack: string; experimentId: number; signal: AbortSignal | undefined },
): Promise<Worktree> {
  const options = inRepository(repository.root, snapshot.signal);
  await indexPack(snapshot.pack, options);
  const parent = repository.head ? ["-p", repository.head.commit] : [];
  const message = `Snapshot of experiment ${snapshot.experimentId}`;
  const author = { NAME: "Trainyard", EMAIL: "trainyard@localhost" };
  const output = await git(["commit-tree", snapshot.tree, ...parent, "-m", message], {
    ...options,
    environment: {
      GIT_AUTHOR_NAME: author.NAME,
      GIT_AUTHOR_EMAIL: author.EMAIL,
      GIT_COMMITTER_NAME: author.NAME,
      GIT_COMMITTER_EMAIL: author.EMAIL,
    },
  });
  const commit = output.toString().trim();
  await git(["worktree", "add", "--quiet", "--detach", "--no-checkout", code, commit], options);
  const entry = await git(["rev-parse", "--absolute-git-dir"], inRepository(code, snapshot.signal));
  return { folder: code, entry: entry.toString().trim(), commit };
}

/** Does nothing where the repository knows none by this path. */
async function forgetWorktree(repository: PersonRepository, folder: string): Promise<void> {
  await runGit(["worktree", "remove", "--force", "--force", folder], inRepository(repository.root));
}

function inRepository(cwd: string, signal?: AbortSignal): GitOptions {
  const config = { "core.fsmonitor": "false", "core.hooksPath": "/dev/null" };
  return { cwd, config, ...(signal ? { signal } : {}) };
}

function withoutConfiguration(home: string): Record<string, string> {
  return { HOME: home, XDG_CONFIG_HOME: home, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
}
