/**
 * Notes as Markdown documents that the pool keeps: what is saved is written there. They are text for the editor, and only
 * its own preview renders them.
 */
import * as vscode from "vscode";
import { NOTES } from "../commands/commandIds.ts";
import { messageOf } from "../errors.ts";
import type { Pool } from "../pool/pool.ts";
import { LOCAL, type Pools } from "../pool/pools.ts";
import { notesPath, parseNotesPath, type NotesOf } from "./notesUri.ts";
import { authorityOf, poolIdOf } from "./poolUri.ts";

export function notesUri(poolId: string, of: NotesOf): vscode.Uri {
  return vscode.Uri.from({ scheme: NOTES, authority: authorityOf(poolId, LOCAL), path: notesPath(of) });
}

interface Located {
  pool: Pool;
  of: NotesOf;
}
/** The pool keeps no time of notes: it is when they were first seen to be as they are. */
interface Seen {
  notes: string;
  atMs: number;
}

export class NotesFiles implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #pools: Pools;
  readonly #emitter = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly #subscriptions: vscode.Disposable;
  readonly #seen = new Map<string, Seen>();
  /** What the editor's document began from: what it last read or saved. */
  readonly #base = new Map<string, string>();
  /** What was saved, until the pool's events tell it too; `before` is what they tell so far. */
  readonly #saved = new Map<string, { notes: string; before: string }>();
  readonly onDidChangeFile = this.#emitter.event;

  constructor(pools: Pools) {
    this.#pools = pools;
    this.#subscriptions = vscode.Disposable.from(
      this.#emitter,
      pools.onDidChange(() => this.#look()),
      vscode.workspace.registerFileSystemProvider(NOTES, this, { isCaseSensitive: true }),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { notes, atMs } = await this.#read(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime: atMs, size: Buffer.byteLength(notes) };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { notes } = await this.#read(uri);
    this.#base.set(uri.toString(), notes);
    return Buffer.from(notes);
  }

  async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
    const { pool, of } = await this.#locate(uri);
    const key = uri.toString();
    const base = this.#base.get(key);
    const told = this.#seen.get(key)?.notes;
    const notes = Buffer.from(content).toString();
    try {
      const now = await notesOf(pool, of);
      this.#note(uri, now);
      // The editor asks by itself where it was told of other notes of another size.
      const isUnasked =
        now !== told || (base !== undefined && Buffer.byteLength(now) === Buffer.byteLength(base));
      this.#base.set(key, now);
      if (now !== base && now !== notes && isUnasked)
        throw new Error("They were changed elsewhere since. Save once more to replace what is there.");
      if (of.trialId === null)
        await pool.call("experiment/annotate", { experimentId: of.experimentId, notes });
      else await pool.call("trial/annotate", { trialId: of.trialId, notes });
    } catch (error) {
      throw vscode.FileSystemError.Unavailable(`These notes were not saved. ${messageOf(error)}`);
    }
    const known = knownNotes(pool, of);
    if (known !== null && known !== notes) this.#saved.set(key, { notes, before: known });
    this.#base.set(key, notes);
    this.#note(uri, notes);
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

  async #read(uri: vscode.Uri): Promise<Seen> {
    const { pool, of } = await this.#locate(uri);
    try {
      // What is known is shown also while the pool is away.
      return this.#note(uri, this.#known(uri, pool, of) ?? (await notesOf(pool, of)));
    } catch (error) {
      if ((error as { reason?: unknown }).reason === "notFound")
        throw vscode.FileSystemError.FileNotFound(uri);
      throw vscode.FileSystemError.Unavailable(messageOf(error));
    }
  }

  #known(uri: vscode.Uri, pool: Pool, of: NotesOf): string | null {
    const told = knownNotes(pool, of);
    const saved = this.#saved.get(uri.toString());
    if (saved?.before === told) return saved.notes;
    this.#saved.delete(uri.toString());
    return told;
  }

  #note(uri: vscode.Uri, notes: string): Seen {
    const key = uri.toString();
    const known = this.#seen.get(key);
    if (known?.notes === notes) return known;
    const seen = { notes, atMs: Date.now() };
    this.#seen.set(key, seen);
    return seen;
  }

  /** Notes that were written elsewhere are shown at once, where nothing here is unsaved. */
  #look(): void {
    const changed: vscode.FileChangeEvent[] = [];
    for (const [key, { notes }] of this.#seen) {
      const uri = vscode.Uri.parse(key);
      const of = parseNotesPath(uri.path);
      const pool = this.#pools.get(poolIdOf(uri.authority, LOCAL));
      const now = of && pool ? this.#known(uri, pool, of) : null;
      if (now !== null && now !== notes) changed.push({ type: vscode.FileChangeType.Changed, uri });
    }
    if (changed.length > 0) this.#emitter.fire(changed);
  }

  async #locate(uri: vscode.Uri): Promise<Located> {
    const of = parseNotesPath(uri.path);
    if (of === null) throw vscode.FileSystemError.FileNotFound(uri);
    // After a reload it may be asked for before the list of pools has been read.
    await this.#pools.ready();
    return { pool: this.#pools.must(poolIdOf(uri.authority, LOCAL)), of };
  }
}

function knownNotes({ mirror }: Pool, { experimentId, trialId }: NotesOf): string | null {
  const thing = trialId === null ? mirror?.experiments.get(experimentId) : mirror?.trials.get(trialId);
  return thing?.notes ?? null;
}

/** As they are on the pool now. */
async function notesOf(pool: Pool, { experimentId, trialId }: NotesOf): Promise<string> {
  if (trialId !== null) return (await pool.call("trial/get", { trialId })).trial.notes;
  return (await pool.call("experiment/get", { experimentId, contents: "none" })).experiment.notes;
}
