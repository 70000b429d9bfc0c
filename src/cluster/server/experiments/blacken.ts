/**
 * Overwrites secrets in what an ended run printed and recorded by as many `*`: their values are about to be forgotten, and
 * then nobody could mask them any more. The person's own files in work/ are theirs.
 */
import { constants } from "node:fs";
import { open, readdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Manifest } from "../../protocol/runDirectory.ts";
import { createMask, maskBytes, secretValues, SHORTEST_SECRET } from "./masking.ts";

const FILES = ["stdout.log", "stderr.log", "supervisor.log", "provenance.json"];
const CHUNK_BYTES = 1024 * 1024;

export async function blackenRun(runFolder: string, secrets: Record<string, string>): Promise<void> {
  const events = await readdir(path.join(runFolder, "events")).catch(() => []);
  const written = withEscaped(secrets);
  for (const name of [...FILES, ...events.map((each) => path.join("events", each))]) {
    try {
      await blackenFile(path.join(runFolder, name), written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
}

/** Only what the script said of the checkpoint: the names of its files are needed to restore it. */
export async function blackenManifest(
  checkpointFolder: string,
  secrets: Record<string, string>,
): Promise<void> {
  const file = path.join(checkpointFolder, "manifest.json");
  const text = await readFile(file, "utf8").catch(() => null);
  if (text === null) return;
  const manifest = JSON.parse(text) as Manifest;
  const metadata = createMask(secrets)(manifest.metadata);
  if (JSON.stringify(metadata) === JSON.stringify(manifest.metadata)) return;
  const temporary = path.join(checkpointFolder, `.manifest.json.${process.pid}.tmp`);
  await writeFile(temporary, JSON.stringify({ ...manifest, metadata }), { flush: true });
  await rename(temporary, file);
}

/** The values as they are, and as JSON has them: with or without what is not ASCII. */
function withEscaped(secrets: Record<string, string>): Record<string, string> {
  const forms = Object.values(secrets).flatMap((value) => {
    const quoted = JSON.stringify(value).slice(1, -1);
    const ascii = quoted.replace(
      /[^\x20-\x7e]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    return value.length < SHORTEST_SECRET ? [] : [value, quoted, ascii];
  });
  return Object.fromEntries(forms.map((form) => [form, form]));
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
