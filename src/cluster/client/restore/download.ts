/** One file from the pool, checked while it is written. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import path from "node:path";
import type * as z from "zod";
import type { BulkSource } from "../../protocol/methods.ts";
import type { ManifestFile } from "../../protocol/runDirectory.ts";
import type { PoolCalls } from "../poolCalls.ts";
import { UserError } from "../userError.ts";

export interface Download {
  source: z.input<typeof BulkSource>;
  target: string;
  /** What it has to be; null for a file of a run, which nothing vouches for. */
  expected: FileDigest | null;
  onBytes?: (bytes: number) => void;
  signal?: AbortSignal | undefined;
}

export type FileDigest = Pick<ManifestFile, "bytes" | "sha256">;

/** The target must not exist. @returns what was received; on disk when it returns */
export async function download(pool: PoolCalls, request: Download): Promise<FileDigest> {
  const { expected, signal, target } = request;
  const name = request.source.path;
  await mkdir(path.dirname(target), { recursive: true });
  const handle = await open(target, "wx");
  try {
    const { ticket } = await pool.call("bulk/open", request.source, { signal });
    const body = await pool.bulkGet(ticket, null, signal);
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const piece of body) {
      const chunk = piece as Buffer;
      bytes += chunk.length;
      if (expected && bytes > expected.bytes)
        throw damaged(name, `it is longer than the ${expected.bytes} bytes of its manifest`);
      hash.update(chunk);
      await handle.writeFile(chunk);
      request.onBytes?.(chunk.length);
      signal?.throwIfAborted();
    }
    if (expected && bytes !== expected.bytes)
      throw damaged(name, `it has ${bytes} bytes where its manifest says ${expected.bytes}`);
    const sha256 = hash.digest("hex");
    if (expected && sha256 !== expected.sha256)
      throw damaged(name, "its bytes do not match the SHA-256 in its manifest");
    await handle.sync();
    return { bytes, sha256 };
  } finally {
    await handle.close();
  }
}

export function damaged(name: string, why: string): UserError {
  return new UserError(
    `${JSON.stringify(name)} of the checkpoint is damaged: ${why}. Nothing was restored.`,
    "Try again; if it stays so, the checkpoint's files in the pool were changed: choose another checkpoint.",
  );
}

/** Whether a file on disk has these bytes. */
export async function matches(file: string, expected: FileDigest, signal?: AbortSignal): Promise<boolean> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const piece of createReadStream(file, signal ? { signal } : {})) {
      const chunk = piece as Buffer;
      bytes += chunk.length;
      if (bytes > expected.bytes) return false;
      hash.update(chunk);
    }
  } catch (error) {
    signal?.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code) return false;
    throw error;
  }
  return bytes === expected.bytes && hash.digest("hex") === expected.sha256;
}
