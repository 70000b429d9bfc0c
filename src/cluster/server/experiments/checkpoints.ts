/** Reads the manifest of a checkpoint; only one that is whole is listed. */
import { lstat, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Checkpoint, Run } from "../../protocol/entities.ts";
import { MAX_MANIFEST_BYTES, MAX_METADATA_BYTES } from "../../protocol/limits.ts";
import { Manifest } from "../../protocol/runDirectory.ts";
import { messageOf } from "../errors.ts";

/** Unlisted manifests that are looked at when a run ends, the newest first. */
const MAX_UNLISTED = 200;
/** The clock of a shared file system may be behind ours. */
const CLOCK_SLACK_MS = 60_000;

export async function readManifest(checkpointsFolder: string, uuid: string): Promise<Manifest> {
  const file = path.join(checkpointsFolder, uuid, "manifest.json");
  const { size } = await lstat(file);
  if (size > MAX_MANIFEST_BYTES)
    throw new Error(`its manifest has ${size} bytes, at most ${MAX_MANIFEST_BYTES} are read`);
  const manifest = Manifest.parse(JSON.parse(await readFile(file, "utf8")));
  if (manifest.uuid !== uuid) throw new Error(`the manifest is that of ${manifest.uuid}`);
  return manifest;
}

/** @returns the checkpoint, and whether its metadata were too long to be kept; or one sentence why it is not listed */
export async function readCheckpoint(
  checkpointsFolder: string,
  uuid: string,
  run: Pick<Run, "id" | "trialId">,
): Promise<{ checkpoint: Checkpoint; isShortened: boolean } | { problem: string }> {
  try {
    const manifest = await readManifest(checkpointsFolder, uuid);
    if (manifest.run !== run.id) throw new Error(`it says that run ${manifest.run} wrote it`);
    if (!Number.isFinite(manifest.step)) throw new Error("its step is not a number");
    const isShortened = JSON.stringify(manifest.metadata).length > MAX_METADATA_BYTES;
    await checkFiles(path.join(checkpointsFolder, uuid, "files"), manifest);
    return {
      checkpoint: {
        uuid,
        experimentId: Number(run.trialId.split(".")[0]),
        trialId: run.trialId,
        runId: run.id,
        step: manifest.step,
        createdAt: manifest.createdAt * 1000,
        bytes: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
        files: manifest.files.length,
        metrics: Object.fromEntries(
          Object.entries(manifest.metrics).filter(([, value]) => Number.isFinite(value)),
        ),
        metadata: isShortened ? {} : manifest.metadata,
        pinned: false,
      },
      isShortened,
    };
  } catch (error) {
    return { problem: `The checkpoint ${uuid} is not listed: ${messageOf(error)}` };
  }
}

/**
 * Checkpoints of a run whose event never came: their writer died between the manifest and the event.
 * @param since milliseconds; older manifests are none of this run's
 */
export async function findUnlisted(
  checkpointsFolder: string,
  runId: string,
  since: number,
  isListed: (uuid: string) => boolean,
): Promise<string[]> {
  const young: { uuid: string; writtenAt: number }[] = [];
  for (const uuid of await readdir(checkpointsFolder)) {
    if (isListed(uuid)) continue;
    const stat = await lstat(path.join(checkpointsFolder, uuid, "manifest.json")).catch(() => null);
    if (stat !== null && stat.mtimeMs >= since - CLOCK_SLACK_MS)
      young.push({ uuid, writtenAt: stat.mtimeMs });
  }
  young.sort((a, b) => b.writtenAt - a.writtenAt);
  const found: string[] = [];
  for (const { uuid } of young.slice(0, MAX_UNLISTED)) {
    const manifest = await readManifest(checkpointsFolder, uuid).catch(() => null);
    if (manifest?.run === runId) found.push(uuid);
  }
  return found;
}

/** Every file is there, is a plain file, and as long as the manifest says. The digests are checked when it is restored. */
async function checkFiles(folder: string, manifest: Manifest): Promise<void> {
  for (const file of manifest.files) {
    const stat = await lstat(path.join(folder, file.path));
    if (!stat.isFile()) throw new Error(`${file.path} is not a plain file`);
    if (stat.size !== file.bytes)
      throw new Error(`${file.path} has ${stat.size} bytes, its manifest says ${file.bytes}`);
  }
}
