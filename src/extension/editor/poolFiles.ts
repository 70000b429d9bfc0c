/** The files of runs, checkpoints and snapshots as a read-only file system of the editor: nothing is pulled to look at it. */
import path from "node:path";
import * as vscode from "vscode";
import type { Entry, Listing, Place } from "../../cluster/client/browse/folders.ts";
import type { RangeReader } from "../../cluster/client/browse/poolFile.ts";
import { SCHEME } from "../commands/commandIds.ts";
import { isCancelled, messageOf } from "../errors.ts";
import { formatBytes } from "../format.ts";
import { loadClient } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";
import { LOCAL, type Pools } from "../pool/pools.ts";
import { withProgress } from "../progress.ts";
import { authorityOf, KINDS, parsePoolPath, pathOf, poolIdOf } from "./poolUri.ts";

/** The editor holds a file in memory: above the first it is asked, above the second it is not done. */
const ASK_ABOVE_BYTES = 50_000_000;
const MOST_BYTES = 1_000_000_000;
/** The editor asks for the same folder many times in a moment; a run's may change in the next. */
const LISTING_MS = 2_000;
const KEPT_LISTINGS = 30;

export function poolUri(poolId: string, place: Place, file = ""): vscode.Uri {
  return vscode.Uri.from({
    scheme: SCHEME,
    authority: authorityOf(poolId, LOCAL),
    path: pathOf(place, file),
  });
}
export function snapshotUri(poolId: string, experimentId: number, file: string): vscode.Uri {
  return poolUri(poolId, { kind: "snapshot", experimentId }, file);
}

interface Located {
  pool: Pool;
  place: Place;
  /** "" for the place's root. */
  path: string;
}

export class PoolFiles implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #pools: Pools;
  readonly #emitter = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #registration: vscode.Disposable;
  /** Latest last. */
  readonly #listings = new Map<string, Promise<Listing>>();
  readonly #reading = new Map<string, Promise<Uint8Array>>();
  /** Large files that the person wanted to see all the same. */
  readonly #wanted = new Set<string>();
  readonly onDidChangeFile = this.#emitter.event;

  constructor(pools: Pools) {
    this.#pools = pools;
    this.#registration = vscode.workspace.registerFileSystemProvider(SCHEME, this, {
      isReadonly: true,
      isCaseSensitive: true,
    });
  }

  dispose(): void {
    this.#registration.dispose();
    this.#emitter.dispose();
  }

  stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    return explained(uri, async () => {
      const entry = await this.#entry(uri);
      const time = entry.modifiedMs ?? 0;
      const type = entry.isFolder ? vscode.FileType.Directory : vscode.FileType.File;
      return { type, ctime: time, mtime: time, size: entry.bytes };
    });
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    const { entries } = await this.list(uri);
    return entries.map(({ name, isFolder }) => [
      name,
      isFolder ? vscode.FileType.Directory : vscode.FileType.File,
    ]);
  }

  /** What a folder holds, with sizes. */
  list(uri: vscode.Uri): Promise<{ entries: readonly Entry[]; isCut: boolean }> {
    return explained(uri, async () => {
      const parsed = parsePoolPath(uri.path);
      if (parsed?.place === null) return { entries: await this.#above(uri, parsed.path), isCut: false };
      const located = await this.#locate(uri);
      const { folders, isCut } = await this.#listing(located, located.path);
      const entries = folders.get(located.path);
      if (!entries) throw vscode.FileSystemError.FileNotFound(uri);
      return { entries, isCut };
    });
  }

  readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const key = uri.toString();
    const known = this.#reading.get(key);
    if (known) return known;
    const reading = explained(uri, () => this.#read(uri)).finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }

  /** Pieces of a file. */
  open(uri: vscode.Uri, signal?: AbortSignal): Promise<RangeReader> {
    return explained(uri, async () => {
      const { pool, place, path: file } = await this.#locate(uri);
      const client = await loadClient();
      const connection = await pool.connection();
      switch (place.kind) {
        case "run":
          return client.openPoolFile(connection, { type: "runFile", runId: place.runId, path: file }, signal);
        case "checkpoint":
          return client.openPoolFile(
            connection,
            { type: "checkpointFile", uuid: place.uuid, path: file },
            signal,
          );
        case "snapshot": {
          const answer = await pool.call("snapshot/file", { experimentId: place.experimentId, path: file });
          const bytes = Buffer.from(answer.bytes);
          return {
            bytes: bytes.length,
            read: (start, length) => Promise.resolve(bytes.subarray(start, start + length)),
          };
        }
      }
    });
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }
  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  async #read(uri: vscode.Uri): Promise<Uint8Array> {
    const name = path.posix.basename(uri.path);
    const { bytes, isFolder } = await this.#entry(uri);
    if (isFolder) throw vscode.FileSystemError.FileIsADirectory(uri);
    await this.#askAboutSize(uri, name, bytes);
    return withProgress(`Reading ${name}`, async (signal) => {
      const file = await this.open(uri, signal);
      // It may have grown since it was listed.
      if (file.bytes > Math.max(bytes, ASK_ABOVE_BYTES)) await this.#askAboutSize(uri, name, file.bytes);
      return file.read(0, file.bytes);
    });
  }

  async #askAboutSize(uri: vscode.Uri, name: string, bytes: number): Promise<void> {
    const size = formatBytes(bytes);
    const instead = "Restore the checkpoint, or pull the file, to have it here.";
    if (bytes > MOST_BYTES)
      throw vscode.FileSystemError.Unavailable(`${name} has ${size}: too much for an editor. ${instead}`);
    if (bytes <= ASK_ABOVE_BYTES || this.#wanted.has(uri.toString())) return;
    const open = "Open";
    const answer = await vscode.window.showWarningMessage(
      `${name} has ${size}. Open it?`,
      { modal: true, detail: `All of it is fetched into the editor's memory. ${instead}` },
      open,
    );
    if (answer !== open) throw vscode.FileSystemError.Unavailable(`${name} (${size}) was not opened.`);
    this.#wanted.add(uri.toString());
  }

  async #entry(uri: vscode.Uri): Promise<Entry> {
    const folder = (modifiedMs: number | null): Entry => ({ name: "", isFolder: true, bytes: 0, modifiedMs });
    if (parsePoolPath(uri.path)?.place === null) return folder(null);
    const located = await this.#locate(uri);
    if (located.path === "") {
      await this.#listing(located, "");
      return folder(null);
    }
    const parent = path.posix.dirname(located.path);
    const within = parent === "." ? "" : parent;
    const { folders, isCut } = await this.#listing(located, within);
    const name = path.posix.basename(located.path);
    const entry = folders.get(within)?.find((one) => one.name === name);
    if (entry) return entry;
    // It may be one of those that were not listed.
    if (!isCut) throw vscode.FileSystemError.FileNotFound(uri);
    const { bytes } = await this.open(uri);
    return { name, isFolder: false, bytes, modifiedMs: null };
  }

  /** What lies above the places, as far as is known. */
  async #above(uri: vscode.Uri, folder: string): Promise<Entry[]> {
    const names = async (): Promise<string[]> => {
      if (folder === "") return KINDS;
      const { mirror } = await this.#pool(uri);
      if (folder === "run") return [...(mirror?.runs.keys() ?? [])];
      if (folder === "checkpoint") return [...(mirror?.checkpoints.keys() ?? [])];
      return [...(mirror?.experiments.keys() ?? [])].map(String);
    };
    return (await names()).map((name) => ({ name, isFolder: true, bytes: 0, modifiedMs: null }));
  }

  /** @throws FileSystemError for what is no address of ours */
  async #locate(uri: vscode.Uri): Promise<Located> {
    const parsed = parsePoolPath(uri.path);
    if (!parsed?.place) throw vscode.FileSystemError.FileNotFound(uri);
    return { pool: await this.#pool(uri), place: parsed.place, path: parsed.path };
  }

  async #pool(uri: vscode.Uri): Promise<Pool> {
    // After a reload a file may be asked for before the list of pools has been read.
    await this.#pools.ready();
    const pool = this.#pools.must(poolIdOf(uri.authority, LOCAL));
    if (pool.isStopped) throw vscode.FileSystemError.Unavailable("The pool server was stopped.");
    return pool;
  }

  #listing({ pool, place }: Located, folder: string): Promise<Listing> {
    const isFixed = place.kind !== "run";
    const key = `${pool.id} ${pathOf(place, isFixed ? "" : folder)}`;
    const known = this.#listings.get(key);
    if (known) return known;
    const listing = loadClient().then(async (client) =>
      client.listFolder(await pool.connection(), place, folder),
    );
    this.#listings.set(key, listing);
    const forget = (): void => void this.#listings.delete(key);
    listing.then(() => isFixed || setTimeout(forget, LISTING_MS).unref(), forget);
    for (const old of this.#listings.keys())
      if (this.#listings.size > KEPT_LISTINGS) this.#listings.delete(old);
    return listing;
  }
}

/** In the editor's own kind of errors, with our sentence. */
async function explained<T>(uri: vscode.Uri, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof vscode.FileSystemError) throw error;
    if (isCancelled(error)) throw new vscode.CancellationError();
    const { reason, remedy } = error as { reason?: unknown; remedy?: unknown };
    if (reason === "notFound") throw vscode.FileSystemError.FileNotFound(uri);
    const next = typeof remedy === "string" ? ` ${remedy}` : "";
    throw vscode.FileSystemError.Unavailable(`${messageOf(error)}${next}`);
  }
}
