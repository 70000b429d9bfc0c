/** What the person's own repository says: its root, its head and its ignore rules. It is only ever read. */
import { copyFile, readFile, rm, stat, utimes } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { git, runGit, splitPaths, type GitOptions } from "../git.ts";
import { UserError } from "../userError.ts";
import { withoutPointers } from "./pointers.ts";

export interface PersonRepository {
  root: string;
  gitDirectory: string;
  infoExclude: string;
  /** The person's global ignore file, whether it exists or not. */
  globalExclude: string;
  head: { commit: string; tree: string; branch: string | null } | null;
  /** A part of it may be deliberately not on disk. */
  isSparse: boolean;
  /** What runs no filter of the repository (`filter.NAME.clean` and such). */
  withoutFilters: Readonly<Record<string, string>>;
}

/** Nothing that a repository's configuration names is run when we read it. */
const QUIET = { "core.fsmonitor": "false", "core.hooksPath": "/dev/null" };

/** The repository around `folder`, or null where there is none; the global ignore file counts there too. */
export async function findRepository(
  folder: string,
  signal?: AbortSignal,
): Promise<{ repository: PersonRepository | null; globalExclude: string }> {
  const options: GitOptions = { cwd: folder, config: QUIET, ...(signal ? { signal } : {}) };
  const names = ["--show-toplevel", "--absolute-git-dir", "--git-path", "info/exclude"];
  const [located, configured] = await Promise.all([
    runGit(["rev-parse", ...names, "HEAD", "HEAD^{tree}", "--abbrev-ref", "HEAD"], options),
    runGit(["config", "--list", "-z"], options),
  ]);
  if (/dubious ownership/.test(located.stderr))
    throw new UserError(
      `git does not read the repository of ${folder}, since it belongs to another account.`,
      `If you trust it: git config --global --add safe.directory ${/'(\/[^']*)'/.exec(located.stderr)?.[1] ?? folder}`,
    );
  const config = parseConfig(configured.stdout);
  const globalExclude = expandHome(config.get("core.excludesfile")) ?? defaultGlobalExclude();
  const lines = located.stdout.toString("utf8").split("\n");
  const [root, gitDirectory, infoExclude, commit, tree, branch] = lines;
  if (!root || !gitDirectory || !infoExclude || !path.isAbsolute(root))
    return { repository: null, globalExclude };
  if (!path.isAbsolute(gitDirectory))
    throw new UserError(
      `The path of the repository has a line break in it: ${JSON.stringify(root)}.`,
      "Move it to a folder without one.",
    );
  const born = located.code === 0 && commit !== undefined && tree !== undefined;
  return {
    globalExclude,
    repository: {
      root,
      gitDirectory,
      infoExclude: path.resolve(folder, infoExclude),
      globalExclude,
      isSparse: config.get("core.sparsecheckout") === "true",
      withoutFilters: withoutFilters(config),
      head: born ? { commit, tree, branch: branch === "HEAD" ? null : (branch ?? null) } : null,
    },
  };
}

/** What the answer of listTrackedThoughIgnored depends on, beside the ignore rules. */
export async function indexKey(repository: PersonRepository): Promise<string> {
  const found = await stat(path.join(repository.gitDirectory, "index"), { bigint: true }).catch(() => null);
  return found ? `${found.mtimeNs}/${found.size}/${found.ino}` : "none";
}

/** Files that the person tracks although a rule ignores them (byte paths, relative to the root). */
export async function listTrackedThoughIgnored(folder: string, signal?: AbortSignal): Promise<string[]> {
  const options: GitOptions = { cwd: folder, config: QUIET, ...(signal ? { signal } : {}) };
  return splitPaths(await git(["ls-files", "-z", "-c", "-i", "--exclude-standard"], options));
}

/** Files of a nested repository: tracked or not ignored, by its own rules (byte paths, relative to it). */
export async function listNested(folder: string, signal?: AbortSignal): Promise<string[]> {
  const options: GitOptions = { cwd: folder, config: QUIET, ...(signal ? { signal } : {}) };
  return splitPaths(await git(["ls-files", "-z", "-c", "-o", "--exclude-standard"], options));
}

/**
 * Whether any of the paths differs from HEAD by git's own rules for line endings; files of Git LFS by their pointers. Nothing
 * that the repository's configuration names is run, so what another filter makes of a file counts as modified. Works on a copy of the index: `git diff` would refresh the person's.
 */
export async function differsFromHead(
  repository: PersonRepository,
  paths: readonly string[],
  temporaryIndex: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const quiet = { ...QUIET, ...repository.withoutFilters };
  const options: GitOptions = { cwd: repository.root, config: quiet, ...(signal ? { signal } : {}) };
  const head = repository.head?.commit;
  const looked = head === undefined ? paths : await withoutPointers(repository.root, head, paths, options);
  if (looked.length === 0) return false;
  const index = path.join(repository.gitDirectory, "index");
  try {
    await copyFile(index, temporaryIndex);
    // git looks closer at files that are not older than the index, so the copy must not be younger than the original.
    const written = Math.floor((await stat(index)).mtimeMs / 1000);
    await utimes(temporaryIndex, written, written);
    const { code } = await runGit(
      ["diff", "--quiet", "--no-ext-diff", "--no-textconv", "HEAD", "--", ...looked],
      {
        ...options,
        environment: { GIT_INDEX_FILE: temporaryIndex, GIT_LITERAL_PATHSPECS: "1" },
      },
    );
    return code !== 0;
  } finally {
    await rm(temporaryIndex, { force: true });
  }
}

/** Paths that a sparse checkout leaves out of the folder. */
export async function listNotCheckedOut(
  repository: PersonRepository,
  signal?: AbortSignal,
): Promise<Set<string>> {
  if (!repository.isSparse) return new Set();
  const options: GitOptions = { cwd: repository.root, config: QUIET, ...(signal ? { signal } : {}) };
  const listed = splitPaths(await git(["ls-files", "-z", "-t", "-c"], options));
  return new Set(listed.filter((line) => line.startsWith("S ")).map((line) => line.slice(2)));
}

export async function readOrEmpty(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch {
    return Buffer.alloc(0);
  }
}

/** `name\nvalue\0`; the last value of a name counts. */
function parseConfig(output: Buffer): Map<string, string> {
  const values = new Map<string, string>();
  for (const item of output.toString("utf8").split("\0")) {
    const end = item.indexOf("\n");
    if (end > 0) values.set(item.slice(0, end), item.slice(end + 1));
  }
  return values;
}

/** Empty commands are none, and one that is required would be an error. */
function withoutFilters(config: ReadonlyMap<string, string>): Record<string, string> {
  const names = [...config.keys()].flatMap((key) => /^filter\.([^]+)\.[a-z]+$/.exec(key)?.[1] ?? []);
  return Object.fromEntries(
    names.flatMap((name) => [
      [`filter.${name}.clean`, ""],
      [`filter.${name}.smudge`, ""],
      [`filter.${name}.process`, ""],
      [`filter.${name}.required`, "false"],
    ]),
  );
}

function expandHome(file: string | undefined): string | undefined {
  if (!file) return undefined;
  return file.startsWith("~/") ? path.join(os.homedir(), file.slice(2)) : file;
}

function defaultGlobalExclude(): string {
  const base = process.env.XDG_CONFIG_HOME || path.join(os.homedir(), ".config");
  return path.join(base, "git", "ignore");
}
