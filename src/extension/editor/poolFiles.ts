/** Files of snapshots and of runs as read-only files of the editor: text, pictures, whatever has an editor. */
import * as vscode from "vscode";
import { SCHEMES } from "../commands/commandIds.ts";
import { formatBytes } from "../format.ts";
import { LOCAL, type Pools } from "../pool/pools.ts";

/** The editor holds a file in memory; what is larger is better pulled. */
const MOST_BYTES = 50 * 1024 * 1024;
const KEPT_FILES = 20;

/** `trainyard-snapshot:/12/src/train.py`, and with another pool than this machine's as its authority. */
export function snapshotUri(poolId: string, experimentId: number, path: string): vscode.Uri {
  return uriOf(SCHEMES.snapshot, poolId, `/${experimentId}/${path}`);
}
/** `trainyard-run:/12.1.1/plots/loss.png` */
export function runUri(poolId: string, runId: string, path: string): vscode.Uri {
  return uriOf(SCHEMES.run, poolId, `/${runId}/${path}`);
}

/** The editor makes authorities lower case, and a pool's name may not be: it is in hexadecimal digits. */
function uriOf(scheme: string, poolId: string, path: string): vscode.Uri {
  const authority = poolId === LOCAL ? "" : Buffer.from(poolId).toString("hex");
  return vscode.Uri.from({ scheme, authority, path });
}

export class PoolFiles implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #pools: Pools;
  readonly #emitter = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #registrations: vscode.Disposable;
  /** Stat and read of one opening are one transfer. Latest last. */
  readonly #kept = new Map<string, Promise<Uint8Array>>();
  readonly onDidChangeFile = this.#emitter.event;

  constructor(pools: Pools) {
    this.#pools = pools;
    const options = { isReadonly: true, isCaseSensitive: true };
    this.#registrations = vscode.Disposable.from(
      this.#emitter,
      vscode.workspace.registerFileSystemProvider(SCHEMES.snapshot, this, options),
      vscode.workspace.registerFileSystemProvider(SCHEMES.run, this, options),
    );
  }

  dispose(): void {
    this.#registrations.dispose();
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const content = await this.#content(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime: 0, size: content.byteLength };
  }

  readFile(uri: vscode.Uri): Promise<Uint8Array> {
    return this.#content(uri);
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }
  readDirectory(): [string, vscode.FileType][] {
    return [];
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

  #content(uri: vscode.Uri): Promise<Uint8Array> {
    const key = uri.toString();
    const known = this.#kept.get(key);
    if (known) return known;
    const reading = this.#read(uri);
    this.#kept.set(key, reading);
    // A run's file may grow; a snapshot's never changes.
    const forget = (): void => void this.#kept.delete(key);
    reading.then(
      () => uri.scheme === SCHEMES.run && setTimeout(forget, 2000).unref(),
      () => forget(),
    );
    for (const old of this.#kept.keys()) if (this.#kept.size > KEPT_FILES) this.#kept.delete(old);
    return reading;
  }

  async #read(uri: vscode.Uri): Promise<Uint8Array> {
    const [, owner = "", ...rest] = uri.path.split("/");
    const path = rest.join("/");
    const pool = this.#pools.must(
      uri.authority === "" ? LOCAL : Buffer.from(uri.authority, "hex").toString(),
    );
    if (uri.scheme === SCHEMES.snapshot) {
      const { bytes } = await pool.call("snapshot/file", { experimentId: Number(owner), path });
      return bytes;
    }
    const connection = await pool.connection();
    const opened = await connection.call("bulk/open", { type: "runFile", runId: owner, path });
    if (opened.bytes > MOST_BYTES)
      throw vscode.FileSystemError.Unavailable(
        `${path} has ${formatBytes(opened.bytes)}: pull it to the workspace to look at it.`,
      );
    const chunks: Buffer[] = [];
    for await (const chunk of await connection.bulkGet(opened.ticket, null)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }
}
