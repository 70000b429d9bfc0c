/**
 * The private repository of a snapshot root. It lies outside of the root and keeps its index between snapshots, so the
 * person's own index and objects are never written, and only what changed since the last snapshot is read again.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { access, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  git,
  GitError,
  joinPaths,
  runGit,
  splitPaths,
  startGit,
  type GitOptions,
  type GitResult,
} from "../git.ts";
import { parseIndex, type IndexEntry } from "./indexFile.ts";

/** Highest precedence, so no attribute of the tree changes a byte: no line endings, no filters (LFS), no keywords. */
const ATTRIBUTES = "* -text -eol -filter -ident -working-tree-encoding -crlf\n";

/** Low compression: what is sent is read once, and a person waits for it. */
const CONFIG = `[core]
	repositoryformatversion = 0
	bare = false
	filemode = true
	symlinks = true
	autocrlf = false
	fsmonitor = false
	hooksPath = /dev/null
	attributesFile = /dev/null
	looseCompression = 1
	bigFileThreshold = 8m
[index]
	version = 2
	skipHash = true
[pack]
	compression = 1
	window = 0
[gc]
	auto = 3000
	autoPackLimit = 200
	pruneExpire = 1.day.ago
`;

export class Shadow {
  readonly folder: string;
  readonly root: string;
  /** The person's global ignore file, which counts as it does for them. */
  private readonly globalExclude: string;

  constructor(folder: string, root: string, globalExclude: string) {
    this.folder = folder;
    this.root = root;
    this.globalExclude = globalExclude;
  }

  /** Makes the repository when it is not there yet, and brings its ignore rules up to date. */
  async prepare(infoExclude: Buffer): Promise<void> {
    await this.create();
    const file = path.join(this.folder, "info", "exclude");
    const present = await readFile(file).catch(() => null);
    if (!present?.equals(infoExclude)) await writeFile(file, infoExclude);
  }

  private async create(): Promise<void> {
    if (await this.isComplete()) return;
    await mkdir(path.dirname(this.folder), { recursive: true, mode: 0o700 });
    const temporary = `${this.folder}.${randomBytes(4).toString("hex")}.tmp`;
    const init = ["init", "--quiet", "--bare", "--template=", temporary];
    await git(init, { cwd: "/", environment: privateEnvironment(this.folder) });
    await writeFile(path.join(temporary, "config"), CONFIG);
    await mkdir(path.join(temporary, "info"), { recursive: true });
    await writeFile(path.join(temporary, "info", "attributes"), ATTRIBUTES);
    try {
      await rename(temporary, this.folder);
    } catch (error) {
      // Another window was first, or what lies there is half of one.
      await rm(temporary, { recursive: true, force: true });
      if (await this.isComplete()) return;
      await this.discard();
      throw error;
    }
  }

  private isComplete(): Promise<boolean> {
    return access(path.join(this.folder, "HEAD")).then(
      () => true,
      () => false,
    );
  }

  /** Clears up when enough has come together: git decides, and does it beside us, with a lock of its own. */
  async maintain(): Promise<void> {
    await runGit(["gc", "--auto", "--quiet"], this.options());
  }

  /** Throws everything away: it can always be built again from the folder. */
  async discard(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  options(signal?: AbortSignal): GitOptions {
    return {
      cwd: this.root,
      config: { "core.excludesFile": this.globalExclude },
      environment: {
        ...privateEnvironment(this.folder),
        GIT_DIR: this.folder,
        GIT_WORK_TREE: this.root,
      },
      ...(signal ? { signal } : {}),
    };
  }

  /** What the index holds, or another one of the repository. @throws when it is damaged */
  async entries(index = path.join(this.folder, "index")): Promise<IndexEntry[]> {
    const file = await readFile(index).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    });
    return file ? parseIndex(file) : [];
  }

  /** Paths whose state differs from the index: new ones that no rule ignores, changed ones, and ones that are gone. */
  async scan(
    exclude: readonly string[],
    signal?: AbortSignal,
  ): Promise<{ paths: Set<string>; stderr: string }> {
    const patterns = exclude.flatMap((pattern) => ["-x", pattern]);
    // Side by side: one reads folders, the other the state of known files (with threads of its own).
    const [added, changed] = await Promise.all([
      this.must(["ls-files", "-z", "-o", "--exclude-standard", ...patterns], signal),
      this.must(["diff-files", "-z", "--name-only"], signal),
    ]);
    const paths = new Set([...splitPaths(added.stdout), ...splitPaths(changed.stdout)]);
    return { paths, stderr: added.stderr };
  }

  /** All files at or below the paths, in the index or not, whatever the folder's rules say; `exclude` counts alone. */
  async filesIn(
    paths: readonly string[],
    exclude: readonly string[],
    signal?: AbortSignal,
  ): Promise<string[]> {
    const patterns = exclude.flatMap((pattern) => ["-x", pattern]);
    const options = this.options(signal);
    const output = await git(["ls-files", "-z", "-c", "-o", ...patterns, "--", ...paths], {
      ...options,
      environment: { ...options.environment, GIT_LITERAL_PATHSPECS: "1" },
    });
    return splitPaths(output);
  }

  /** What the index holds although a rule ignores it now. */
  async ignoredEntries(exclude: readonly string[], signal?: AbortSignal): Promise<string[]> {
    const patterns = exclude.flatMap((pattern) => ["-x", pattern]);
    const result = await this.must(["ls-files", "-z", "-c", "-i", "--exclude-standard", ...patterns], signal);
    return splitPaths(result.stdout);
  }

  /**
   * Ignored paths that are not in the index, at most so many; a folder that a rule ignores is one path. Folders that hold
   * nothing else are there too, though no rule means them: rules() tells.
   */
  async ignored(most: number, signal?: AbortSignal): Promise<{ paths: string[]; isWhole: boolean }> {
    const args = ["ls-files", "-z", "-o", "-i", "--exclude-standard", "--directory"];
    const child = startGit(args, this.options(signal));
    const ended = once(child, "close");
    ended.catch(() => undefined);
    child.stdin?.end();
    child.stderr?.resume();
    const paths: string[] = [];
    let cut = Buffer.alloc(0);
    for await (const chunk of child.stdout ?? []) {
      const output = Buffer.concat([cut, chunk as Buffer]);
      const end = output.lastIndexOf(0) + 1;
      paths.push(...splitPaths(output.subarray(0, end)));
      cut = output.subarray(end);
      if (paths.length > most) {
        child.kill();
        return { paths: paths.slice(0, most), isWhole: false };
      }
    }
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new Error(`git ls-files failed in ${this.folder}`);
    return { paths, isWhole: true };
  }

  /** For each path the rule that ignores it; paths that no rule ignores are not in the map. */
  async rules(
    paths: readonly string[],
    signal?: AbortSignal,
  ): Promise<Map<string, { source: string; line: number; pattern: string }>> {
    const rules = new Map<string, { source: string; line: number; pattern: string }>();
    if (paths.length === 0) return rules;
    const args = ["check-ignore", "--no-index", "-v", "-z", "--stdin"];
    // In front of a name that starts with `:`, which would otherwise be pathspec magic.
    const asked = paths.map((name) => `./${name}`);
    const result = await runGit(args, { ...this.options(signal), input: joinPaths(asked) });
    // 1 says that no path is ignored.
    if (result.code > 1) throw new GitError(args, result);
    const fields = splitPaths(result.stdout);
    for (let at = 0; at + 3 < fields.length; at += 4) {
      const [source = "", line = "", pattern = "", name = ""] = fields.slice(at, at + 4);
      if (!pattern.startsWith("!")) rules.set(name.slice(2), { source, line: Number(line), pattern });
    }
    return rules;
  }

  /** Paths in which two trees differ. `objects` is the person's object folder, which holds `from`; it is only read. */
  async compare(
    from: string,
    to: string,
    objects: string,
    signal?: AbortSignal,
  ): Promise<{ status: string; path: string }[]> {
    const options = this.options(signal);
    const output = await git(["diff-tree", "-r", "-z", "--name-status", "--no-renames", from, to], {
      ...options,
      environment: { ...options.environment, GIT_ALTERNATE_OBJECT_DIRECTORIES: objects },
    });
    const fields = splitPaths(output);
    const changes: { status: string; path: string }[] = [];
    for (let at = 0; at + 1 < fields.length; at += 2)
      changes.push({ status: fields[at] ?? "", path: fields[at + 1] ?? "" });
    return changes;
  }

  /** A pack of what `tree` has and `base` lacks, as a running process whose standard output it is. */
  async pack(tree: string, base: string | null, signal?: AbortSignal): Promise<ReturnType<typeof startGit>> {
    // Listing the difference reads the folders that changed; pack-objects alone would read every one of both trees.
    const objects = base === null ? [tree] : [tree, ...(await this.newObjects(base, tree, signal))];
    const walk = base === null ? ["--revs"] : [];
    const child = startGit(["pack-objects", "--stdout", "-q", ...walk], this.options(signal));
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(objects.map((object) => `${object}\n`).join(""));
    return child;
  }

  private async newObjects(base: string, tree: string, signal?: AbortSignal): Promise<Set<string>> {
    const args = ["diff-tree", "-r", "-t", "-z", "--raw", "--no-renames", "--no-abbrev", base, tree];
    const lines = splitPaths(await git(args, this.options(signal))).filter((field) => field.startsWith(":"));
    // `:mode mode object object status`; a path has a field of its own, and one that starts with a colon has no fifth word.
    const found = lines.map((line) => /^:\d+ \d+ [0-9a-f]+ ([0-9a-f]{40,64}) [A-Z]$/.exec(line)?.[1]);
    return new Set(found.filter((object) => object !== undefined && !/^0+$/.test(object)) as string[]);
  }

  private async must(args: readonly string[], signal?: AbortSignal): Promise<GitResult> {
    const result = await runGit(args, this.options(signal));
    if (result.code !== 0)
      throw new Error(`git ${args[0] ?? ""} failed in ${this.folder}: ${result.stderr.trim()}`);
    return result;
  }
}

/** No configuration of the person or the system: neither by name, nor (for git before 2.32) by home folder. */
function privateEnvironment(home: string): Record<string, string> {
  return {
    HOME: home,
    XDG_CONFIG_HOME: home,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_COUNT: "0",
    GIT_CONFIG_PARAMETERS: "",
    GIT_ATTR_NOSYSTEM: "1",
  };
}
