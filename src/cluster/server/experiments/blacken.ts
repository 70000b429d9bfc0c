/**
 * Overwrites secrets in what an ended run printed and recorded by as many `*`: their values are about to be forgotten, and
 * then nobody could mask them any more. The person's own files in work/ are theirs.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import path from "node:path";
import { maskBytes, secretValues } from "./masking.ts";

const FILES = ["stdout.log", "stderr.log", "provenance.json"];
const CHUNK_BYTES = 1024 * 1024;

export async function blackenRun(runFolder: string, secrets: Record<string, string>): Promise<void> {
  for (const name of FILES) {
    try {
      await blackenFile(path.join(runFolder, name), secrets);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

async function blackenFile(file: string, secrets: Record<string, string>): Promise<void> {
  const longest = Math.max(0, ...secretValues(secrets).map((value) => Buffer.byteLength(value)));
  if (longest === 0) return;
  const handle = await open(file, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES + longest);
    for (let offset = 0; ; offset += CHUNK_BYTES) {
      // The chunks overlap by the longest secret, so that none lies across an edge.
      const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, offset);
      const chunk = buffer.subarray(0, bytesRead);
      if (maskBytes(chunk, secrets)) await handle.write(chunk, 0, bytesRead, offset);
      if (bytesRead < buffer.byteLength) return;
    }
  } finally {
    await handle.close();
  }
}
