/** snapshots.git: a bare repository whose refs/snapshots/<tree> pin the trees of all experiments. */
import { access, mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { type BytePath, bytePathFrom, isTreePath, toText } from "./bytePath.ts";
import { checkGit, createGit, ended, type Git } from "./git.ts";
import { CallError } from "../callError.ts";

/** Inert: nothing is collected, compressed or run behind our back. Fsync stays at git's default. */
const CONFIG = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = false
\thooksPath = /dev/null
\tprotectHFS = true
\tprotectNTFS = true
[gc]
\tauto = 0
[maintenance]
\tauto = false
[receive]
\tautogc = false
`;

/** A tree with more entries is a mistake or a trap (a few objects can describe billions of files). */
const MAX_ENTRIES = 5_000_000;

export interface TreeEntry {
  path: BytePath;
  /** As git writes it: 100644, 100755, 120000 (symbolic link), 160000 (a submodule's commit). */
  mode: string;
  id: string;
}
/** `entry` null: the path is gone. */
export interface TreeChange {
  path: BytePath;
  entry: TreeEntry | null;
}

export interface Repository {
  readonly folder: string;
  readonly git: Git;
  /** Creates the repository if need be. @throws CallError */
  ready(): Promise<void>;
  has(tree: string): Promise<boolean>;
  pin(tree: string): Promise<void>;
  unpin(tree: string): Promise<void>;
  entries(tree: string): Promise<TreeEntry[]>;
  /** What turns `from` into `to`. */
  changes(from: string, to: string): Promise<TreeChange[]>;
}

export function createRepository(folder: string): Repository {
  const git = createGit(folder);
  const known = new Set<string>();
  let opened: Promise<void> | null = null;

  async function open(): Promise<void> {
    await checkGit();
    const configuration = path.join(folder, "config");
    if (await exists(path.join(folder, "trainyard"))) return;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await git.output(["init", "--quiet", "--bare", "--template="]);
    await writeFile(`${configuration}.tmp`, CONFIG);
    await rename(`${configuration}.tmp`, configuration);
    await writeFile(path.join(folder, "trainyard"), "snapshots, version 1\n");
  }

  const self: Repository = {
    folder,
    git,
    ready: () => {
      opened ??= open().catch((error: unknown) => {
        opened = null; // git may be installed, or the disk emptied, before the next try
        throw error;
      });
      return opened;
    },
    has: async (tree) => {
      if (known.has(tree)) return true;
      await self.ready();
      try {
        await git.output(["rev-parse", "--verify", "--quiet", `refs/snapshots/${tree}^{tree}`]);
      } catch (error) {
        if (error instanceof CallError && error.reason === "invalid") return false;
        throw error;
      }
      known.add(tree);
      return true;
    },
    pin: async (tree) => {
      await git.output(["update-ref", `refs/snapshots/${tree}`, tree]);
      known.add(tree);
    },
    unpin: async (tree) => {
      known.delete(tree);
      if (await self.has(tree)) await git.output(["update-ref", "-d", `refs/snapshots/${tree}`]);
      known.delete(tree);
    },
    entries: async (tree) => {
      const entries: TreeEntry[] = [];
      await records(git, ["ls-tree", "-r", "-z", "--full-tree", tree], (record) => {
        // <mode> SP <type> SP <id> TAB <path>
        const tab = record.indexOf(9);
        const [mode = "", , id = ""] = record.toString("latin1", 0, tab).split(" ");
        entries.push({ mode, id, path: checked(record.subarray(tab + 1)) });
      });
      return entries;
    },
    changes: async (from, to) => {
      const changes: TreeChange[] = [];
      let head: string[] | null = null;
      await records(git, ["diff-tree", "-r", "-z", "--no-renames", "--full-index", from, to], (record) => {
        // :<old mode> SP <new mode> SP <old id> SP <new id> SP <status> NUL <path>
        if (head === null) {
          head = record.toString("latin1").split(" ");
          return;
        }
        const [, mode = "", , id = "", status = ""] = head;
        head = null;
        const path = checked(record);
        changes.push({ path, entry: status === "D" ? null : { path, mode, id } });
      });
      return changes;
    },
  };
  return self;
}

function checked(bytes: Buffer): BytePath {
  const path = bytePathFrom(bytes);
  if (!isTreePath(path))
    throw new CallError("invalid", `the snapshot holds a path that is not allowed: ${toText(path)}`);
  return path;
}

/** Hands out NUL-terminated records as they come. */
async function records(git: Git, args: readonly string[], take: (record: Buffer) => void): Promise<void> {
  const child = git.start(args);
  child.stdin.on("error", () => undefined).end();
  const end = ended(child, args);
  end.catch(() => undefined); // awaited below, but it may fail while the output is still being read
  let rest: Buffer = Buffer.alloc(0);
  let count = 0;
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let at = data.indexOf(0, start); at !== -1; at = data.indexOf(0, start)) {
        take(data.subarray(start, at));
        start = at + 1;
        if (++count > MAX_ENTRIES)
          throw new CallError("refused", `the snapshot has more than ${MAX_ENTRIES} files.`);
      }
      rest = data.subarray(start);
    }
  } finally {
    child.kill("SIGKILL"); // no effect on one that has ended
  }
  await end;
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
