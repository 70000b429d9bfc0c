/** `backup.json` at the top of a backup: whose it is, and whether it is whole. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as z from "zod";
import { CallError } from "../callError.ts";
import { namesIn } from "../check/folders.ts";

const NAME = "backup.json";

const Marker = z.object({
  version: z.literal(1),
  /** Of the pool that it is of. */
  pool: z.string(),
  from: z.string(),
  /** False while it is being made: it is then no pool, and a backup goes on from it. */
  isWhole: z.boolean(),
  at: z.number(),
});
type Marker = z.infer<typeof Marker>;

function read(folder: string): Marker | null {
  try {
    return Marker.parse(JSON.parse(readFileSync(path.join(folder, NAME), "utf8")));
  } catch {
    return null;
  }
}

/** Written before anything else of the backup, and again when it is whole and on the disk. */
export function mark(folder: string, marker: Omit<Marker, "version" | "at">): void {
  const temporary = path.join(folder, `.${NAME}.tmp`);
  writeFileSync(temporary, JSON.stringify({ version: 1, ...marker, at: Date.now() } satisfies Marker), {
    mode: 0o600,
    flush: true,
  });
  renameSync(temporary, path.join(folder, NAME));
}

/** @throws CallError for a folder that holds something else, or the backup of another pool */
export function requireFreeOrOurs(folder: string, pool: string): void {
  const marker = read(folder);
  if (marker?.pool === pool) return;
  if (marker === null && namesIn(folder).length === 0) return;
  const what =
    marker !== null
      ? `It is a backup of another pool (${marker.from})`
      : existsSync(path.join(folder, "state", "pool.sqlite"))
        ? "It is a pool itself, or a backup that has been opened as one"
        : "It is not empty";
  throw new CallError(
    "refused",
    `${what}: ${folder}.`,
    "Name an empty folder, one that is not there yet, or the pool's earlier backup.",
  );
}

/** A server opens the folder as its pool: what is a backup until then is one no more. @throws CallError for half a one */
export function openAsPool(folder: string): void {
  const file = path.join(folder, NAME);
  if (!existsSync(file)) return;
  if (read(folder)?.isWhole !== true)
    throw new CallError(
      "refused",
      `${folder} is half a backup: making it was cancelled or cut off.`,
      "Make it again (trainyard pool backup), which goes on from what is there.",
    );
  renameSync(file, path.join(folder, "state", "was-backup.json"));
}
