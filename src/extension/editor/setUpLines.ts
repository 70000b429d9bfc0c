/**
 * A pool's set-up lines as a document: what is saved is what the pool keeps, and runs once to see whether it works. The
 * document has a language of its own, for which package.json switches off saving by itself: no half of a line is ever run.
 */
import path from "node:path";
import * as vscode from "vscode";
import type { PoolSettings } from "../../cluster/protocol/environments.ts";
import { SET_UP_LINES } from "../commands/commandIds.ts";
import { setUpLinesOf, setUpTemplate } from "../commands/environmentWords.ts";
import { withoutLinks } from "../links.ts";
import type { Pool } from "../pool/pool.ts";
import type { Pools } from "../pool/pools.ts";

const ENDING = `.${SET_UP_LINES}`;

export function setUpLinesUri(poolId: string): vscode.Uri {
  return vscode.Uri.from({ scheme: SET_UP_LINES, path: `/${poolId}${ENDING}` });
}

export class SetUpLines implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #pools: Pools;
  readonly #emitter = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #registration: vscode.Disposable;
  readonly onDidChangeFile = this.#emitter.event;

  constructor(pools: Pools) {
    this.#pools = pools;
    this.#registration = vscode.workspace.registerFileSystemProvider(SET_UP_LINES, this, {
      isCaseSensitive: true,
    });
  }

  dispose(): void {
    this.#registration.dispose();
    this.#emitter.dispose();
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { byteLength } = await this.readFile(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime: 0, size: byteLength };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const pool = await this.#poolOf(uri);
    const { setupLines } = await pool.call("pool/settings", {});
    return Buffer.from(setupLines === "" ? setUpTemplate(pool.name) : setupLines);
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    const pool = await this.#poolOf(uri);
    await changeSettings(pool, { setupLines: setUpLinesOf(Buffer.from(content).toString(), pool.name) });
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
  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  async #poolOf(uri: vscode.Uri): Promise<Pool> {
    await this.#pools.ready();
    return this.#pools.must(path.posix.basename(uri.path, ENDING));
  }
}

/** They are kept; what the lines end with is told, and not waited for. */
export async function changeSettings(pool: Pool, change: Partial<PoolSettings>): Promise<void> {
  const before = await pool.call("pool/settings", {});
  const { problem } = await pool.call("pool/setSettings", { ...before, ...change });
  if (problem === null) return;
  const edit = "Edit Set-Up Lines";
  void vscode.window
    .showWarningMessage(withoutLinks(`${problem.message} They are kept. ${problem.remedy}`), edit)
    .then((answer) => {
      if (answer === edit) void vscode.window.showTextDocument(setUpLinesUri(pool.id));
    });
}
