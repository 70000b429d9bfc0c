/** Brings a checkpoint back: every byte checked against its manifest, whole or not at all, never over something else. */
import { lstat, readFile, rm, statfs } from "node:fs/promises";
import path from "node:path";
import type { Checkpoint } from "../protocol/entities.ts";
import type { Manifest } from "../protocol/runDirectory.ts";
import type { PoolCalls } from "./poolCalls.ts";
import { download, matches } from "./restore/download.ts";
import { exists, placeFolder } from "./restore/folder.ts";
import { checkManifest } from "./restore/manifest.ts";
import { RESTORED_MARKER } from "./snapshot/restored.ts";
import { UserError } from "./userError.ts";

const PARALLEL = 4;

export interface RestoreProgress {
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

/** @throws UserError, AbortError, and what a call to the pool throws; then nothing was left behind */
export async function restoreCheckpoint(options: RestoreOptions): Promise<Restored> {
  const { connection, uuid, signal } = options;
  const destination = path.resolve(options.destination);
  const got: unknown = await connection.call("checkpoint/manifest", { uuid }, { signal });
  const manifest = checkManifest((got as { manifest: unknown }).manifest, uuid);
  const totalBytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const counter = (phase: RestoreProgress["phase"]): ((bytes: number) => void) => {
    let bytes = 0;
    options.onProgress?.({ phase, bytes, totalBytes });
    return (more) => options.onProgress?.({ phase, bytes: (bytes += more), totalBytes });
  };

  if (!options.replace && (await exists(destination))) {
    const difference = await compareFolder(destination, manifest, counter("verifying"), signal);
    if (difference === null) return { kind: "already", folder: destination, manifest };
    return { kind: "conflict", folder: destination, reason: difference };
  }
  await requireSpace(destination, totalBytes);
  const onBytes = counter("receiving");
  const done = await placeFolder({
    destination,
    replace: options.replace ?? false,
    marker: manifest,
    fill: async (folder) => {
      // A checkpoint's own .gitignore is restored as it is; the marker alone keeps the folder out of snapshots.
      if (manifest.files.some((file) => file.path === ".gitignore"))
        await rm(path.join(folder, ".gitignore"));
      await inParallel(manifest.files, signal, async (file, ended) => {
        const source = { type: "checkpointFile", uuid, path: file.path } as const;
        const target = path.join(folder, file.path);
        await download(connection, { source, target, expected: file, onBytes, signal: ended });
      });
    },
  });
  if (done) return { kind: "restored", folder: destination, manifest };
  return { kind: "conflict", folder: destination, reason: "Something was put there meanwhile." };
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

/** The first failure ends the others and is thrown when all have ended. */
async function inParallel<T>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const ended = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      ended.throwIfAborted();
      await work(item, ended);
    }
  };
  const guarded = Array.from({ length: PARALLEL }, () =>
    worker().catch((error: unknown) => {
      failed.abort(error);
    }),
  );
  await Promise.all(guarded);
  signal?.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
}
