/** All pools: this machine's, and those that were added, in the editor or on the command line. */
import { existsSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import type { MirrorChange } from "../../cluster/client/mirror.ts";
import type { PoolEntry } from "../../cluster/client/pools/poolList.ts";
import type { PoolContents, Purged } from "../../cluster/client/pools/purgePool.ts";
import { watchNetwork } from "../../cluster/client/networkWatch.ts";
import type { SshStep } from "../../cluster/client/ssh/host.ts";
import { defaultStateFolder } from "../../cluster/client/stateFolder.ts";
import { messageOf, ShownError } from "../errors.ts";
import { loadClient } from "./client.ts";
import { Places } from "./places.ts";
import { Pool } from "./pool.ts";

export const LOCAL = "local";
const LIST = "pools.json";

export class Pools implements vscode.Disposable {
  readonly local: Pool;
  readonly #log: vscode.LogOutputChannel;
  readonly #places: Places;
  readonly #added = new Map<string, { pool: Pool; subscription: vscode.Disposable }>();
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #listEmitter = new vscode.EventEmitter<void>();
  readonly #changeEmitter = new vscode.EventEmitter<{ pool: Pool; change: MirrorChange }>();
  readonly #statusEmitter = new vscode.EventEmitter<Pool>();
  #reading: Promise<void> | null = null;
  readonly #hasList: boolean;
  #hasRead = false;

  /** A pool was added or removed. */
  readonly onDidChangeList = this.#listEmitter.event;
  readonly onDidChange = this.#changeEmitter.event;
  readonly onDidChangeStatus = this.#statusEmitter.event;

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    this.#log = log;
    this.#places = new Places(context);
    this.local = new Pool(this.#places.local(), log);
    const watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(vscode.Uri.file(defaultStateFolder()), LIST),
    );
    const read = (): void => void this.read();
    this.#subscriptions.push(
      this.#listEmitter,
      this.#changeEmitter,
      this.#statusEmitter,
      this.#follow(this.local),
      this.local,
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused) for (const pool of this.all) pool.hurry();
      }),
      watcher,
      watcher.onDidChange(read),
      watcher.onDidCreate(read),
      watcher.onDidDelete(read),
    );
    const stopWatching = watchNetwork(() => {
      for (const pool of this.all) if (pool.place.isRemote) pool.suspect();
    });
    this.#subscriptions.push({ dispose: stopWatching });
    // Who never added a pool does not wait for the client to be loaded.
    this.#hasList = existsSync(path.join(defaultStateFolder(), LIST));
    if (this.#hasList) setImmediate(read);
  }

  dispose(): void {
    for (const { pool, subscription } of this.#added.values())
      vscode.Disposable.from(subscription, pool).dispose();
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  get all(): readonly Pool[] {
    return [this.local, ...[...this.#added.values()].map(({ pool }) => pool)];
  }

  get(id: string): Pool | undefined {
    return id === LOCAL ? this.local : this.#added.get(id)?.pool;
  }

  /** @throws ShownError */
  must(id: string): Pool {
    const pool = this.get(id);
    if (!pool) throw new ShownError(`There is no pool ${id} any more.`, "Add it again, or choose another.");
    return pool;
  }

  /** The list has been read, where there is one. */
  async ready(): Promise<void> {
    if (!this.#hasList || this.#hasRead) return;
    await this.read();
  }

  wake(): void {
    for (const pool of this.all) pool.wake();
  }

  /** Brings the pools in line with the list that the command line shares. */
  read(): Promise<void> {
    this.#reading ??= this.#read()
      .catch((error: unknown) => this.#log.warn(messageOf(error)))
      .finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #read(): Promise<void> {
    const client = await loadClient();
    const entries = await client.readPools(client.defaultStateFolder());
    const places = new Map(entries.map((entry) => [entry.name, this.#places.added(entry)]));
    for (const [id, { pool, subscription }] of this.#added) {
      if (places.get(id)?.key === pool.place.key) continue;
      this.#added.delete(id);
      vscode.Disposable.from(subscription, pool).dispose();
    }
    for (const [id, place] of places) {
      if (this.#added.has(id)) continue;
      const pool = new Pool(place, this.#log);
      this.#added.set(id, { pool, subscription: this.#follow(pool) });
    }
    this.#hasRead = true;
    this.#listEmitter.fire();
  }

  /** Connects once to a pool that is not in the list yet, with questions. @throws what stands in the way */
  async tryOut(
    entry: PoolEntry,
    signal: AbortSignal,
    onStep: (step: SshStep, detail: string) => void,
  ): Promise<void> {
    const connection = await this.#places.open(entry, { isAsked: true, signal, onStep });
    connection.close();
  }

  /**
   * Removes a pool from its host and from the list.
   * @returns null when `confirm` said no
   */
  async purge(
    id: string,
    confirm: (contents: PoolContents) => Promise<boolean>,
    signal: AbortSignal,
    onStep: (step: SshStep, detail: string) => void,
  ): Promise<Purged | null> {
    const client = await loadClient();
    const entry = await client.findPool(client.defaultStateFolder(), id);
    if (entry === null) return null;
    try {
      return await this.#places.purge(entry, confirm, { signal, onStep });
    } finally {
      await this.read();
    }
  }

  /** Has the pool's files checked and perhaps repaired. @throws what stands in the way */
  async check(id: string, asked: Parameters<Places["check"]>[1]): ReturnType<Places["check"]> {
    return this.#places.check(await this.#entryOf(id), asked);
  }

  /** Has the pool copied. @throws what stands in the way */
  async backUp(id: string, asked: Parameters<Places["backUp"]>[1]): ReturnType<Places["backUp"]> {
    return this.#places.backUp(await this.#entryOf(id), asked);
  }

  async #entryOf(id: string): Promise<PoolEntry | null> {
    const client = await loadClient();
    return client.findPool(client.defaultStateFolder(), id === LOCAL ? null : id);
  }

  #follow(pool: Pool): vscode.Disposable {
    return vscode.Disposable.from(
      pool.onDidChange((change) => this.#changeEmitter.fire({ pool, change })),
      pool.onDidChangeStatus(() => this.#statusEmitter.fire(pool)),
    );
  }
}
