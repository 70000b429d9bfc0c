import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";

const MARKER = ".trainyard-checkpoint.json";

export interface Restored {
  readonly folder: string;
  readonly step: number;
  readonly files: number;
  readonly bytes: number;
}

interface Manifest {
  readonly step: number;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

/** The folder of a checkpoint that was restored into `workspace`, or null while there is none. */
export function findRestored(workspace: string): string | null {
  const parent = path.join(workspace, "checkpoints");
  if (!existsSync(parent)) return null;
  // A restore appears under its name only when it is whole; before that it is hidden.
  const name = readdirSync(parent).find((entry) => !entry.startsWith("."));
  return name === undefined ? null : path.join(parent, name);
}

/**
 * Compares what was restored with the manifest, by size and SHA-256. Throws at the first difference.
 * @param poolFolder the pool's folder; null where it is on another host: then its manifest is the one that came along
 */
export function verifyRestored(folder: string, poolFolder: string | null): Restored {
  const marker = path.join(folder, MARKER);
  const { uuid } = JSON.parse(readFileSync(marker, "utf8")) as { uuid: string };
  const manifestFile =
    poolFolder === null ? marker : path.join(poolFolder, "checkpoints", uuid, "manifest.json");
  const manifest = JSON.parse(readFileSync(manifestFile, "utf8")) as Manifest;
  if (manifest.files.length === 0) throw new Error(`${manifestFile} lists no files`);
  for (const { path: name, bytes, sha256 } of manifest.files) {
    const content = readFileSync(path.join(folder, name));
    const actual = createHash("sha256").update(content).digest("hex");
    if (content.length !== bytes || actual !== sha256) {
      throw new Error(
        `${name}: ${content.length} bytes, SHA-256 ${actual}; the manifest has ${bytes}, ${sha256}`,
      );
    }
  }
  const bytes = manifest.files.reduce((total, file) => total + file.bytes, 0);
  return { folder, step: manifest.step, files: manifest.files.length, bytes };
}
