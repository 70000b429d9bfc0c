/** A folder that was begun and not finished: what it holds, so that the next attempt goes on from there. */
import { randomBytes } from "node:crypto";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import * as z from "zod";
import { RelativePath } from "../../protocol/base.ts";
import type { ManifestFile } from "../../protocol/runDirectory.ts";
import { isAlive } from "../fileLock.ts";
import { add, type Spans } from "./spans.ts";

/** In the unfinished folder itself, so that both go together. */
export const PARTIAL_RECORD = ".trainyard-partial.json";
/** What an editor that is killed may lose of its record. */
const SAVE_EVERY_MS = 200;
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

const Offset = z.int().nonnegative();
const Stored = z.object({
  version: z.literal(1),
  uuid: z.string(),
  /** Who writes it now: two windows must not write one folder. */
  owner: z.object({ host: z.string(), pid: z.int().positive() }),
  /** Large files that are not whole. A small one, or a whole one, tells by its bytes. */
  files: z.array(
    z.object({
      path: RelativePath,
      bytes: Offset,
      sha256: z.string(),
      spans: z.array(z.tuple([Offset, Offset])),
    }),
  ),
});
type Stored = z.infer<typeof Stored>;

/** Those that this process writes now. */
const active = new Set<string>();

/** The temporary name of a folder, beside its place. */
export function partialName(destination: string): string {
  return `.${path.basename(destination)}.${randomBytes(4).toString("hex")}.partial`;
}

export class PartialRecord {
  readonly folder: string;
  readonly #uuid: string;
  readonly #files: Map<string, { file: ManifestFile; spans: () => Spans }> = new Map();
  readonly #before: Stored["files"];
  #timer: NodeJS.Timeout | null = null;
  #saving: Promise<void> = Promise.resolve();

  constructor(folder: string, uuid: string, before: Stored["files"] = []) {
    this.folder = folder;
    this.#uuid = uuid;
    this.#before = before;
    active.add(folder);
  }

  /** What the attempt before has left of a file. */
  spansOf({ path: name, bytes, sha256 }: ManifestFile): Spans {
    const found = this.#before.find(
      (file) => file.path === name && file.bytes === bytes && file.sha256 === sha256,
    );
    const within = found?.spans.filter(([start, end]) => start < end && end <= bytes) ?? [];
    return within.reduce<Spans>(add, []);
  }

  has(name: string): boolean {
    return this.#before.some((file) => file.path === name);
  }

  watch(file: ManifestFile, spans: () => Spans): void {
    this.#files.set(file.path, { file, spans });
    this.changed();
  }

  forget(name: string): void {
    if (this.#files.delete(name)) this.changed();
  }

  /** Written soon. */
  changed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.save().catch(() => undefined); // a disk that is full is met by the files, too
    }, SAVE_EVERY_MS);
  }

  save(): Promise<void> {
    this.#saving = this.#saving.catch(() => undefined).then(() => this.#write());
    return this.#saving;
  }

  /** Nothing is written any more; what is there stays for the next attempt. */
  async release(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#saving.catch(() => undefined);
    active.delete(this.folder);
  }

  /** The folder is whole. */
  async remove(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#saving.catch(() => undefined);
    await rm(path.join(this.folder, PARTIAL_RECORD), { force: true });
  }

  async #write(): Promise<void> {
    const stored: Stored = {
      version: 1,
      uuid: this.#uuid,
      owner: { host: os.hostname(), pid: process.pid },
      files: [...this.#files.values()].map(({ file, spans }) => ({
        ...{ path: file.path, bytes: file.bytes, sha256: file.sha256 },
        spans: spans().map(([start, end]) => [start, end]),
      })),
    };
    const place = path.join(this.folder, PARTIAL_RECORD);
    await writeFile(`${place}.new`, JSON.stringify(stored));
    await rename(`${place}.new`, place);
  }
}

/**
 * What an attempt that nobody continues has left beside the destination, now ours under a new name; null for none.
 * Leftovers that will not be continued are removed.
 */
export async function takePartial(destination: string, uuid: string): Promise<PartialRecord | null> {
  const parent = path.dirname(destination);
  const names = await readdir(parent).catch(() => []);
  let taken: PartialRecord | null = null;
  for (const name of names.filter((found) => /^\..+\.[0-9a-f]{8}\.partial$/.test(found))) {
    const folder = path.join(parent, name);
    const isOurs = name.slice(1, -".00000000.partial".length) === path.basename(destination);
    const stored = await readStored(folder);
    const isOld = await isOlderThan(folder, KEPT_MS);
    if (active.has(folder) || (!isOld && isOwned(stored))) continue;
    if (isOurs && stored?.uuid === uuid && taken === null) taken = await claim(folder, destination, stored);
    else if (isOld || (isOurs && stored !== null)) await rm(folder, { recursive: true, force: true });
  }
  return taken;
}

/** What an attempt has left is not wanted any more. */
export async function discardPartial(destination: string, uuid: string): Promise<void> {
  const left = await takePartial(destination, uuid);
  if (left === null) return;
  await left.release();
  await rm(left.folder, { recursive: true, force: true });
}

/** By renaming: of two windows one succeeds. */
async function claim(folder: string, destination: string, stored: Stored): Promise<PartialRecord | null> {
  const ours = path.join(path.dirname(destination), partialName(destination));
  try {
    await rename(folder, ours);
  } catch {
    return null;
  }
  return new PartialRecord(ours, stored.uuid, stored.files);
}

async function readStored(folder: string): Promise<Stored | null> {
  try {
    return Stored.parse(JSON.parse(await readFile(path.join(folder, PARTIAL_RECORD), "utf8")));
  } catch {
    return null;
  }
}

/** One of another machine, on a shared disk, counts as being written until it is old. */
function isOwned(stored: Stored | null): boolean {
  if (stored === null) return true; // it may just be made
  const { host, pid } = stored.owner;
  if (host !== os.hostname()) return true;
  return pid !== process.pid && isAlive(pid);
}

async function isOlderThan(folder: string, ms: number): Promise<boolean> {
  const newest = await Promise.all(
    [folder, path.join(folder, PARTIAL_RECORD)].map((place) =>
      stat(place).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.max(...newest) < Date.now() - ms;
}
