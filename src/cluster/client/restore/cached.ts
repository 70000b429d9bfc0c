/** Checkpoints as the harness wants them to go on from, in a folder of this machine's: `UUID/files/`, and the manifest beside it. */
import { mkdir, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { restoreThroughCuts, type ThroughCuts } from "./throughCuts.ts";

/** The latest that were used. */
const MOST_KEPT = 5;

/**
 * Every byte is checked, also of what is there already; what is not right is brought anew.
 * @param folder whose subfolders are all ours
 * @returns the checkpoint's `files/`: what TRAINYARD_CHECKPOINT names
 * @throws as restoreThroughCuts()
 */
export async function cachedCheckpoint({
  folder,
  ...options
}: Omit<ThroughCuts, "destination" | "replace"> & { folder: string }): Promise<string> {
  const place = path.join(folder, options.uuid);
  const destination = path.join(place, "files");
  await mkdir(place, { recursive: true });
  await forgetOld(folder, options.uuid);
  const first = await restoreThroughCuts({ ...options, destination });
  const restored =
    first.kind === "conflict" ? await restoreThroughCuts({ ...options, destination, replace: true }) : first;
  if (restored.kind === "conflict") throw new Error(`${destination}: ${restored.reason}`);
  await writeFile(path.join(place, "manifest.json"), JSON.stringify(restored.manifest));
  return destination;
}

async function forgetOld(folder: string, used: string): Promise<void> {
  const now = new Date();
  await utimes(path.join(folder, used), now, now);
  const kept = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const place = path.join(folder, name);
      return { place, usedAt: (await stat(place)).mtimeMs };
    }),
  );
  kept.sort((a, b) => b.usedAt - a.usedAt);
  for (const { place } of kept.slice(MOST_KEPT)) await rm(place, { recursive: true, force: true });
}
