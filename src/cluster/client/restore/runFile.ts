/** Pulls one file that a run left into a folder of its own, which is in no snapshot and out of git's sight. */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { isInsidePath } from "../../protocol/base.ts";
import type { PoolCalls } from "../poolCalls.ts";
import { RESTORED_MARKER } from "../snapshot/restored.ts";
import { UserError } from "../userError.ts";
import { download, matches } from "./download.ts";
import { exists, explainDisk } from "./folder.ts";

export interface PullOptions {
  connection: PoolCalls;
  runId: string;
  /** Relative path of the file in the run. */
  name: string;
  /** Folder to put it in, under its own relative path; of this run alone. */
  destination: string;
  /** After the person said yes: the file that is at its place is replaced. */
  replace?: boolean;
  onBytes?: (bytes: number) => void;
  signal?: AbortSignal;
}

export type Pulled =
  | { kind: "pulled"; file: string }
  /** It was there before, byte for byte. */
  | { kind: "already"; file: string }
  /** There is a file with other bytes: ask, then call again with `replace`. */
  | { kind: "conflict"; file: string };

/** @throws UserError, AbortError, and what a call to the pool throws; then what was there is as it was */
export async function pullRunFile(options: PullOptions): Promise<Pulled> {
  const { connection, runId, name, signal } = options;
  if (!isInsidePath(name) || name === ".")
    throw new UserError(`${JSON.stringify(name)} is not a file of a run.`);
  if (name === ".gitignore" || name === RESTORED_MARKER)
    throw new UserError(
      `A file named ${name} cannot be pulled: in the folder of pulled files it keeps them out of git and of snapshots.`,
      "Open it in the run instead, and copy what you need.",
    );
  const destination = path.resolve(options.destination);
  const file = path.join(destination, name);
  const partial = path.join(path.dirname(file), `.${randomBytes(6).toString("hex")}.partial`);
  try {
    await claimFolder(destination, { pool: connection.pool.id, run: runId });
    const received = await download(connection, {
      source: { type: "runFile", runId, path: name },
      target: partial,
      expected: null,
      ...(options.onBytes ? { onBytes: options.onBytes } : {}),
      signal,
    });
    if (!options.replace && (await exists(file))) {
      const isSame = await matches(file, received, signal);
      await rm(partial);
      return { kind: isSame ? "already" : "conflict", file };
    }
    await rename(partial, file);
    return { kind: "pulled", file };
  } catch (error) {
    await rm(partial, { force: true });
    throw explainDisk(error, file);
  }
}

/** Only an empty folder becomes one of pulled files: what a person keeps elsewhere must not vanish from git. */
async function claimFolder(folder: string, marker: unknown): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  if (!names.includes(RESTORED_MARKER)) {
    if (names.length > 0)
      throw new UserError(
        `${folder} is there already, and its files were not pulled from a pool.`,
        "Rename it or move it away, then pull again.",
      );
    await writeOnce(path.join(folder, RESTORED_MARKER), `${JSON.stringify(marker, null, 2)}\n`);
  }
  await writeOnce(path.join(folder, ".gitignore"), "*\n");
}

async function writeOnce(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: "wx" }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  });
}
