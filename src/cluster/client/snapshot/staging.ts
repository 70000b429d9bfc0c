/**
 * The index of one snapshot while it is written. It becomes the repository's own by a rename at the end, so that neither a
 * git that was killed nor one that lives on after its editor was killed stands in the way of the next snapshot.
 */
import { randomBytes } from "node:crypto";
import { copyFile, link, rename, rm, stat, utimes } from "node:fs/promises";
import path from "node:path";
import { displayPath, git, joinPaths, runGit, type GitOptions, type GitResult } from "../git.ts";
import { LARGE_BYTES, looksIncompressible } from "./incompressible.ts";
import type { IndexEntry } from "./indexFile.ts";
import { countRead } from "./readBytes.ts";
import type { Shadow } from "./shadow.ts";
import { requireRoom } from "./space.ts";

/** From this many changed files on, blobs go straight into one pack instead of a file each (measured: 6 s, not 60). */
const MANY_FILES = 500;
/** git looks through the list of a pack's objects for each further one, so the time grows by the square (50,000: 7 s, 20,000: 1.5 s). */
const MOST_IN_PACK = 20_000;

export interface StageOptions {
  /** Sizes by byte path. */
  sizes: ReadonlyMap<string, number>;
  /** How many bytes more have been read, where the system tells. */
  onRead?: ((bytes: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export class Staging {
  readonly #shadow: Shadow;
  readonly #index: string;

  private constructor(shadow: Shadow, index: string) {
    this.#shadow = shadow;
    this.#index = index;
  }

  /** Begins with what the repository's index holds. The caller has the folder's lock, and calls end(). */
  static async begin(shadow: Shadow): Promise<Staging> {
    const index = path.join(shadow.folder, `index.${randomBytes(4).toString("hex")}`);
    const present = path.join(shadow.folder, "index");
    try {
      // git never writes into an index, it replaces it; and a link keeps the time that tells which files to look at closer.
      await link(present, index);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") await copyOlder(present, index);
    }
    return new Staging(shadow, index);
  }

  /** Brings the index in line with the folder for these paths. The result says which path it stopped at, if any. */
  async stage(paths: readonly string[], { sizes, onRead, signal }: StageOptions): Promise<GitResult> {
    const dense = new Set<string>();
    for (const name of paths)
      if ((sizes.get(name) ?? 0) >= LARGE_BYTES && (await looksIncompressible(this.#shadow.root, name)))
        dense.add(name);
    await this.#requireRoom(dense, sizes);
    const rest = paths.filter((name) => !dense.has(name));
    const many: Record<string, string> = rest.length > MANY_FILES ? { "core.bigFileThreshold": "1" } : {};
    const parts: { names: string[]; config: Record<string, string> }[] = [];
    for (let at = 0; at < rest.length; at += MOST_IN_PACK)
      parts.push({ names: rest.slice(at, at + MOST_IN_PACK), config: many });
    parts.push({ names: [...dense], config: { "pack.compression": "0" } });
    let result: GitResult = { code: 0, stdout: Buffer.alloc(0), stderr: "" };
    for (const { names, config } of parts) {
      if (names.length > 0) result = await this.#update(names, config, onRead, signal);
      if (result.code !== 0) break;
    }
    return result;
  }

  /** What does not compress needs all its bytes once more. */
  async #requireRoom(dense: ReadonlySet<string>, sizes: ReadonlyMap<string, number>): Promise<void> {
    const size = (name: string): number => sizes.get(name) ?? 0;
    const names = [...dense].sort((a, b) => size(b) - size(a));
    const bytes = names.reduce((sum, name) => sum + size(name), 0);
    if (bytes > 0) await requireRoom(this.#shadow.folder, bytes, names.map(displayPath));
  }

  async #update(
    paths: readonly string[],
    config: Readonly<Record<string, string>>,
    onRead: ((bytes: number) => void) | undefined,
    signal: AbortSignal | undefined,
  ): Promise<GitResult> {
    const options = this.#options(signal);
    const stop: (() => void)[] = [];
    try {
      return await runGit(["update-index", "--add", "--remove", "--replace", "-z", "--stdin"], {
        ...options,
        config: { ...options.config, ...config },
        input: joinPaths(paths),
        onStart: (pid) => onRead && stop.push(countRead(pid, onRead)),
      });
    } finally {
      for (const each of stop) each();
    }
  }

  async remove(paths: readonly string[], signal?: AbortSignal): Promise<void> {
    if (paths.length === 0) return;
    const args = ["update-index", "--force-remove", "-z", "--stdin"];
    await git(args, { ...this.#options(signal), input: joinPaths(paths) });
  }

  entries(): Promise<IndexEntry[]> {
    return this.#shadow.entries(this.#index);
  }

  async writeTree(signal?: AbortSignal): Promise<string> {
    return (await git(["write-tree"], this.#options(signal))).toString().trim();
  }

  /** Makes it the index that the next snapshot begins with. */
  async commit(): Promise<void> {
    await rename(this.#index, path.join(this.#shadow.folder, "index")).catch((error: unknown) => {
      // Of a folder without files there is no index.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    });
  }

  /** A rename of two names of one file leaves both. */
  async end(): Promise<void> {
    await rm(this.#index, { force: true });
  }

  #options(signal?: AbortSignal): GitOptions {
    const options = this.#shadow.options(signal);
    return { ...options, environment: { ...options.environment, GIT_INDEX_FILE: this.#index } };
  }
}

/** Where there are no hard links. Older than the original, so git looks closer at more files rather than at fewer. */
async function copyOlder(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const written = Math.floor((await stat(from)).mtimeMs / 1000);
  await utimes(to, written, written);
}
