/** One file that arrives in pieces, written at their places and hashed on the way. */
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import path from "node:path";
import type { ManifestFile } from "../../protocol/runDirectory.ts";
import { OrderedHash } from "./orderedHash.ts";
import { add, bytesOf, missing, type Span, type Spans, unbroken } from "./spans.ts";

export class IncomingFile {
  readonly file: ManifestFile;
  /** Some of it was here before: if it proves wrong, it is fetched anew. */
  readonly wasBegun: boolean;
  readonly #target: string;
  readonly #hash = new OrderedHash();
  #spans: Spans;
  #handle: FileHandle | null = null;
  #opening: Promise<FileHandle> | null = null;

  /** @param spans what is in the file already */
  constructor(folder: string, file: ManifestFile, spans: Spans) {
    this.file = file;
    this.wasBegun = spans.length > 0;
    this.#target = path.join(folder, file.path);
    this.#spans = spans;
  }

  get spans(): Spans {
    return this.#spans;
  }
  get missing(): Spans {
    return missing(this.#spans, this.file.bytes);
  }
  get isComplete(): boolean {
    return bytesOf(this.#spans) === this.file.bytes;
  }

  async write(at: number, chunks: readonly Buffer[]): Promise<void> {
    const handle = await this.#open();
    let done = 0;
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    while (done < length) {
      const rest = done === 0 ? chunks : [Buffer.concat(chunks).subarray(done)];
      const { bytesWritten } = await handle.writev(rest, at + done);
      done += bytesWritten;
    }
    this.#spans = add(this.#spans, [at, at + length] satisfies Span);
    this.#hash.offer(at, chunks);
  }

  /** In the background of what still arrives; what goes wrong is met again by finish(). */
  follow(): void {
    if (this.#handle) this.#hash.catchUp(this.#handle, unbroken(this.#spans)).catch(() => undefined);
  }

  /** Everything is there. @returns whether it is the file of the manifest; then it is on disk */
  async finish(): Promise<boolean> {
    const handle = await this.#open();
    try {
      // Twice: the first may be one that was just about to end.
      await this.#hash.catchUp(handle, this.file.bytes);
      await this.#hash.catchUp(handle, this.file.bytes);
      if (this.#hash.digest() !== this.file.sha256) return false;
      await handle.sync();
      return true;
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    const handle = await this.#opening?.catch(() => null);
    this.#handle = null;
    this.#opening = null;
    // A background read may be under way; it ends with its file.
    await handle?.close();
  }

  #open(): Promise<FileHandle> {
    this.#opening ??= this.#begin();
    return this.#opening;
  }

  async #begin(): Promise<FileHandle> {
    if (!this.wasBegun) {
      await mkdir(path.dirname(this.#target), { recursive: true });
      await rm(this.#target, { force: true });
    }
    const handle = await open(this.#target, this.wasBegun ? "r+" : "wx+");
    // Its whole size at once: a piece from the middle may be the first to come.
    if (!this.wasBegun) await handle.truncate(this.file.bytes);
    this.#handle = handle;
    return handle;
  }
}
