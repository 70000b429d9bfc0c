/** SHA-256 of a file whose bytes arrive in any order: what comes next is hashed as it comes, the rest is read back. */
import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";

const READ_BYTES = 1024 * 1024;

export class OrderedHash {
  readonly #hash = createHash("sha256");
  #position = 0;
  #end = 0;
  #reading: Promise<void> | null = null;

  /** After it was written at `at`. */
  offer(at: number, chunks: readonly Buffer[]): void {
    if (this.#reading !== null || at !== this.#position) return;
    for (const chunk of chunks) {
      this.#hash.update(chunk);
      this.#position += chunk.length;
    }
  }

  /** @param end up to where the file is there, from its beginning on */
  catchUp(file: FileHandle, end: number): Promise<void> {
    this.#end = Math.max(this.#end, end);
    if (this.#reading === null && this.#position >= this.#end) return Promise.resolve();
    this.#reading ??= this.#read(file).finally(() => (this.#reading = null));
    return this.#reading;
  }

  /** When everything was hashed. */
  digest(): string {
    return this.#hash.digest("hex");
  }

  async #read(file: FileHandle): Promise<void> {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    while (this.#position < this.#end) {
      const length = Math.min(READ_BYTES, this.#end - this.#position);
      const { bytesRead } = await file.read(buffer, 0, length, this.#position);
      if (bytesRead === 0) return; // somebody has cut the file: its hash will not match
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#position += bytesRead;
    }
  }
}
