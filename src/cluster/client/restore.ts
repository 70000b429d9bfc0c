/** Brings a checkpoint back: every byte checked against its manifest, whole or not at all, never over something else. */
import { lstat, readFile, rm, statfs } from "node:fs/promises";
import path from "node:path";
import type { Checkpoint } from "../protocol/entities.ts";
import type { Manifest, ManifestFile } from "../protocol/runDirectory.ts";
import { PoolCallError } from "./poolCallError.ts";
import type { PoolCalls } from "./poolCalls.ts";
import { matches } from "./restore/download.ts";
import { exists, placeFolder } from "./restore/folder.ts";
import { copyIfHere, restoredFiles } from "./restore/here.ts";
import { checkManifest } from "./restore/manifest.ts";
import { PartialRecord, takePartial } from "./restore/partial.ts";
import { type Pace, Rate } from "./restore/rate.ts";
import { receiveFiles } from "./restore/receive.ts";
import { bytesOf } from "./restore/spans.ts";
import { RESTORED_MARKER } from "./snapshot/restored.ts";
import { UserError } from "./userError.ts";

export interface RestoreProgress extends Pace {
  phase: "verifying" | "receiving";
  bytes: number;
  totalBytes: number;
}

export interface RestoreOptions {
  connection: PoolCalls;
  uuid: string;
  /** Final path of the folder (checkpointFolder()). */
  destination: string;
  /** After the person said yes: what is at the destination is replaced. */
  replace?: boolean;
  onProgress?: (progress: RestoreProgress) => void;
  signal?: AbortSignal;
}

export type Restored =
  | { kind: "restored"; folder: string; manifest: Manifest }
  /** It was there before, and every byte of it is right. */
  | { kind: "already"; folder: string; manifest: Manifest }
  /** Something else is there: ask, then call again with `replace`. */
  | { kind: "conflict"; folder: string; reason: string };

/** `checkpoints/<experiment>-<trial>-step<N>` of a folder; the parent's name is a setting. */
export function checkpointFolder(
  folder: string,
  checkpoint: Pick<Checkpoint, "trialId" | "step">,
  parent = "checkpoints",
): string {
  const step = String(checkpoint.step).replace(/[^0-9A-Za-z.-]/g, "");
  return path.join(folder, parent, `${checkpoint.trialId.replace(".", "-")}-step${step}`);
}

/**
 * Goes on from where an attempt at the same place broke off; takes files that other restored checkpoints have from there.
 * @throws UserError, AbortError, and what a call to the pool throws; then nothing was left behind, except that after a
 *   lost connection what has arrived waits, under a temporary name, for the next attempt
 */
export async function restoreCheckpoint(options: RestoreOptions): Promise<Restored> {
  const { connection, uuid, signal } = options;
  const destination = path.resolve(options.destination);
  const got: unknown = await connection.call("checkpoint/manifest", { uuid }, { signal });
  const manifest = checkManifest((got as { manifest: unknown }).manifest, uuid);
  const totalBytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);

  if (!options.replace && (await exists(destination))) {
    const { count } = counter("verifying", totalBytes, options.onProgress);
    const difference = await compareFolder(destination, manifest, count, signal);
    if (difference === null) return { kind: "already", folder: destination, manifest };
    return { kind: "conflict", folder: destination, reason: difference };
  }
  const begun = await takePartial(destination, uuid);
  const done = await placeFolder({
    destination,
    replace: options.replace ?? false,
    marker: manifest,
    begun: begun?.folder,
    isKept: isCut,
    fill: async (folder) => {
      const record = begun ?? new PartialRecord(folder, uuid);
      try {
        await record.save();
        await fill(options, manifest, totalBytes, record, begun !== null);
        await record.remove();
      } catch (error) {
        if (isCut(error)) await record.save();
        throw error;
      } finally {
        await record.release();
      }
    },
  });
  if (done) return { kind: "restored", folder: destination, manifest };
  return { kind: "conflict", folder: destination, reason: "Something was put there meanwhile." };
}

/** The connection's fault, not the checkpoint's: what has arrived is kept, and another attempt goes on from there. */
export function isCut(error: unknown): boolean {
  return error instanceof PoolCallError && (error.reason === "disconnected" || error.reason === "timeout");
}

async function fill(
  options: RestoreOptions,
  manifest: Manifest,
  totalBytes: number,
  record: PartialRecord,
  wasBegun: boolean,
): Promise<void> {
  const { connection, uuid, signal } = options;
  const { folder } = record;
  const isThere = async (file: ManifestFile): Promise<boolean> =>
    wasBegun && !record.has(file.path) && matches(path.join(folder, file.path), file, signal);
  // A checkpoint's own .gitignore is restored as it is; the marker alone keeps the folder out of snapshots.
  const ignore = manifest.files.find((file) => file.path === ".gitignore");
  if (ignore && !(await isThere(ignore))) await rm(path.join(folder, ".gitignore"), { force: true });

  const verified = counter("verifying", totalBytes, options.onProgress);
  const here = await restoredFiles(path.dirname(folder), manifest.files);
  const files: ManifestFile[] = [];
  let left = 0;
  for (const file of manifest.files) {
    signal?.throwIfAborted();
    if ((await isThere(file)) || (await copyIfHere(here, file, path.join(folder, file.path), signal))) {
      verified.count(file.bytes);
      continue;
    }
    files.push(file);
    left += file.bytes - bytesOf(record.spansOf(file));
  }
  await requireSpace(folder, left);
  const received = counter("receiving", totalBytes, options.onProgress, totalBytes - left);
  await receiveFiles({
    ...{ pool: connection, uuid, files, record, signal },
    onBytes: received.count,
    onLost: received.lose,
  });
}

/** Tells how much is there; what was there from the start is no part of the rate. */
function counter(
  phase: RestoreProgress["phase"],
  totalBytes: number,
  onProgress: RestoreOptions["onProgress"],
  atFirst = 0,
): { count: (bytes: number) => void; lose: (bytes: number) => void } {
  const rate = new Rate();
  let bytes = atFirst;
  const tell = (): void => {
    const pace = rate.pace(totalBytes - bytes, performance.now());
    onProgress?.({ phase, bytes, totalBytes, ...pace });
  };
  tell();
  return {
    count: (more) => {
      bytes += more;
      rate.add(more, performance.now());
      tell();
    },
    lose: (less) => {
      bytes -= less;
      tell();
    },
  };
}

/** @returns how the folder differs from the manifest in one sentence, or null when every file is right */
async function compareFolder(
  folder: string,
  manifest: Manifest,
  onBytes: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  if (!(await lstat(folder)).isDirectory()) return "It is not a folder.";
  const marker = await readFile(path.join(folder, RESTORED_MARKER), "utf8").catch(() => null);
  if (marker === null) return "The folder was not restored from a pool.";
  try {
    const held = JSON.parse(marker) as { uuid?: unknown };
    if (held.uuid !== manifest.uuid) return "The folder holds another checkpoint.";
  } catch {
    return "The folder's record of what it holds is damaged.";
  }
  for (const file of manifest.files) {
    if (!(await matches(path.join(folder, file.path), file, signal)))
      return `${JSON.stringify(file.path)} was changed or removed since.`;
    onBytes(file.bytes);
  }
  return null;
}

async function requireSpace(destination: string, bytes: number): Promise<void> {
  let folder = path.dirname(destination);
  while (!(await exists(folder)) && path.dirname(folder) !== folder) folder = path.dirname(folder);
  const disk = await statfs(folder).catch(() => null);
  if (!disk || disk.bavail * disk.bsize >= bytes) return;
  throw new UserError(
    `The disk of ${folder} has ${disk.bavail * disk.bsize} bytes free; the checkpoint needs ${bytes}.`,
    "Free some space, or restore to another folder.",
  );
}
