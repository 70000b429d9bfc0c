/** Makes a folder like another one, with what is there already left as it is. Names may be any bytes; no link is followed. */
import fs from "node:fs";
import { CallError } from "../callError.ts";

export interface Tally {
  copiedBytes: number;
  linkedBytes: number;
  keptBytes: number;
}

export interface MirrorOptions {
  tally: Tally;
  signal: AbortSignal;
  /** Nobody writes into these files any more: where they cannot be cloned, another name of one does. */
  mayLink: (relative: string) => boolean;
  /** Path in the folder, as bytes in latin1; what it says no to is not copied, and is removed where it was. */
  wants?: (relative: string, stat: fs.Stats) => boolean;
}

/** Time to hear that the person cancels. */
const YIELD_EVERY = 200;

type Bytes = Buffer;
const join = (folder: Bytes, name: Bytes): Bytes => Buffer.concat([folder, Buffer.from("/"), name]);

/** Nothing when `from` is not there. */
export async function mirror(from: string, to: string, options: MirrorOptions): Promise<void> {
  await walk(Buffer.from(from), Buffer.from(to), "", options, { count: 0 });
}

async function walk(
  from: Bytes,
  to: Bytes,
  relative: string,
  options: MirrorOptions,
  counter: { count: number },
): Promise<void> {
  const stat = look(from);
  if (stat === null) return;
  if (stat.isDirectory()) {
    if (look(to)?.isDirectory() === false) fs.rmSync(to);
    fs.mkdirSync(to, { recursive: true, mode: 0o700 });
    const names = namesIn(from);
    const wanted = new Set<string>();
    for (const name of names) {
      const text = name.toString("latin1");
      const inside = relative === "" ? text : `${relative}/${text}`;
      const each = look(join(from, name));
      if (each === null || options.wants?.(inside, each) === false) continue;
      wanted.add(text);
      await walk(join(from, name), join(to, name), inside, options, counter);
    }
    for (const name of namesIn(to))
      if (!wanted.has(name.toString("latin1"))) fs.rmSync(join(to, name), { recursive: true, force: true });
    return;
  }
  if (++counter.count % YIELD_EVERY === 0) await new Promise((resume) => setImmediate(resume));
  options.signal.throwIfAborted();
  if (stat.isSymbolicLink()) copyLink(from, to);
  else if (stat.isFile()) copyFile(from, to, stat, options.tally, options.mayLink(relative));
}

function copyLink(from: Bytes, to: Bytes): void {
  const target = fs.readlinkSync(from, { encoding: "buffer" });
  if (look(to)?.isSymbolicLink() && fs.readlinkSync(to, { encoding: "buffer" }).equals(target)) return;
  fs.rmSync(to, { recursive: true, force: true });
  fs.symlinkSync(target, to);
}

function copyFile(from: Bytes, to: Bytes, stat: fs.Stats, tally: Tally, mayLink: boolean): void {
  const there = look(to);
  if (there !== null && isSame(there, stat)) {
    tally.keptBytes += stat.size;
    return;
  }
  const temporary = Buffer.concat([to, Buffer.from(`.${process.pid}.tmp`)]);
  try {
    if (clone(from, temporary) || (mayLink && link(from, temporary))) tally.linkedBytes += stat.size;
    else {
      fs.copyFileSync(from, temporary);
      tally.copiedBytes += stat.size;
    }
    if (look(temporary)?.ino !== stat.ino) fs.utimesSync(temporary, stat.atimeMs / 1000, stat.mtimeMs / 1000);
    if (there?.isDirectory()) fs.rmSync(to, { recursive: true });
    fs.renameSync(temporary, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return; // gone meanwhile
    if (code === "ENOSPC" || code === "EDQUOT")
      throw new CallError(
        "unavailable",
        "The disk or the quota of the backup is full.",
        "Free some of it, or name another folder; it goes on from what is there.",
      );
    throw error;
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

/** Times as the target keeps them: some file systems know no fractions. */
function isSame(there: fs.Stats, stat: fs.Stats): boolean {
  if (there.ino === stat.ino && there.dev === stat.dev) return true;
  return there.isFile() && there.size === stat.size && Math.abs(there.mtimeMs - stat.mtimeMs) < 2;
}

function clone(from: Bytes, to: Bytes): boolean {
  try {
    fs.copyFileSync(from, to, fs.constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw error;
    fs.rmSync(to, { force: true });
    return false;
  }
}

function link(from: Bytes, to: Bytes): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw error;
    return false; // another file system, or one without links
  }
}

function look(file: Bytes): fs.Stats | null {
  return fs.lstatSync(file, { throwIfNoEntry: false }) ?? null;
}

function namesIn(folder: Bytes): Bytes[] {
  try {
    return fs.readdirSync(folder, { encoding: "buffer" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
