/** One server a pool folder: `<pool>/state/lock` names it. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Identity, isSame, PoolLockFile, STALE_ELSEWHERE_MS } from "../protocol/poolLock.ts";
import { self, whereabouts } from "./identity.ts";

const HEARTBEAT_MS = 5_000;
/** A server of our host's name and another boot is dead, unless two machines share the name. */
const STALE_REBOOTED_MS = 30_000;
const MAX_ATTEMPTS = 10;
/** A server that ends finishes what it writes. */
const PATIENCE_MS = 8_000;
const RETRY_MS = 50;

export class PoolIsTaken extends Error {
  override readonly name = "PoolIsTaken";
  readonly isElsewhere: boolean;
  constructor(message: string, isElsewhere: boolean) {
    super(message);
    this.isElsewhere = isElsewhere;
  }
}

export interface PoolLock {
  release(): void;
}
export interface LockOptions {
  /** The folder or the lock is gone, or another server has it: this one must not go on. */
  onLost: () => void;
  heartbeatMs?: number;
}

/**
 * Waits for a server that is ending, and not for one that serves.
 * @throws PoolIsTaken
 */
export async function waitForPoolLock(
  stateFolder: string,
  options: LockOptions & { isServed: () => Promise<boolean>; patienceMs?: number },
): Promise<PoolLock> {
  const deadline = Date.now() + (options.patienceMs ?? PATIENCE_MS);
  for (;;) {
    try {
      return takePoolLock(stateFolder, options);
    } catch (error) {
      const isHopeless = !(error instanceof PoolIsTaken) || error.isElsewhere || Date.now() > deadline;
      if (isHopeless || (await options.isServed())) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/**
 * Takes the pool folder for this process; a dead owner's lock is taken over.
 * @throws PoolIsTaken when a living server owns it, here or on another host
 */
export function takePoolLock(
  stateFolder: string,
  { onLost, heartbeatMs = HEARTBEAT_MS }: LockOptions,
): PoolLock {
  fs.mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  const file = path.join(stateFolder, "lock");
  const mine = self();
  for (let attempt = 0; !create(file, mine); attempt++) {
    const owner = read(file);
    if (typeof owner === "object" && isAlive(owner, file)) throw taken(stateFolder, owner);
    if (attempt >= MAX_ATTEMPTS)
      throw new PoolIsTaken(
        `The lock ${file} could not be taken. Delete it when no Trainyard server runs.`,
        false,
      );
    if (owner !== "missing") moveAside(file, owner);
  }

  let misses = 0;
  const heartbeat = setInterval(() => {
    const owner = read(file);
    if (typeof owner === "object" && isSame(owner, mine)) {
      misses = 0;
      refresh(file, mine);
    } else if (owner !== "unreadable" && ++misses >= 2) {
      // Deleted by hand, or taken over while this host slept. Twice, as a take-over puts back what it should not have taken.
      clearInterval(heartbeat);
      onLost();
    }
  }, heartbeatMs);
  heartbeat.unref();
  return {
    release() {
      clearInterval(heartbeat);
      const owner = read(file);
      if (typeof owner === "object" && isSame(owner, mine)) fs.rmSync(file, { force: true });
    },
  };
}

function taken(stateFolder: string, owner: PoolLockFile): PoolIsTaken {
  const seenS = Math.max(0, Math.round((Date.now() - owner.heartbeatAtMs) / 1000));
  const what = `The pool ${path.dirname(stateFolder)} is owned by a server on ${owner.host} (pid ${owner.pid}), last seen ${seenS} s ago.`;
  if (whereabouts(owner) !== "elsewhere") return new PoolIsTaken(what, false);
  const minutes = STALE_ELSEWHERE_MS / 60_000;
  return new PoolIsTaken(
    `${what} Use it there, or stop it there; if that host is down, wait until ${minutes} minutes have passed since.`,
    true,
  );
}

/** @param file where its lock lies */
function isAlive(owner: PoolLockFile, file: string): boolean {
  switch (whereabouts(owner)) {
    case "running":
      return true;
    case "gone":
      return false;
    case "rebooted":
      return isHeard(owner, file, STALE_REBOOTED_MS);
    case "elsewhere":
      return isHeard(owner, file, STALE_ELSEWHERE_MS);
  }
}

/** By this host's clock, or by that of the file system: where hosts disagree about the time, a living owner is not taken for dead. */
function isHeard({ heartbeatAtMs }: PoolLockFile, file: string, withinMs: number): boolean {
  return Math.abs(Date.now() - heartbeatAtMs) < withinMs || ageOf(file) < withinMs;
}

/** Since it was last written, measured at another file that is written now. */
function ageOf(file: string): number {
  const now = `${file}.${os.hostname()}.${process.pid}.now`;
  try {
    fs.writeFileSync(now, "", { mode: 0o600 });
    return fs.statSync(now).mtimeMs - fs.statSync(file).mtimeMs;
  } catch {
    return Infinity; // gone meanwhile, or nothing can be written, and then it is not taken either
  } finally {
    fs.rmSync(now, { force: true });
  }
}

/** With a hard link the lock appears whole or not at all, on shared file systems too. */
function create(file: string, mine: Identity): boolean {
  const temporary = write(file, mine);
  try {
    fs.linkSync(temporary, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS") throw error;
    return createWithoutLink(file, temporary);
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

/** File systems without hard links. */
function createWithoutLink(file: string, temporary: string): boolean {
  try {
    fs.copyFileSync(temporary, file, fs.constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function refresh(file: string, mine: Identity): void {
  try {
    fs.renameSync(write(file, mine), file);
  } catch {
    // A full disk. The file's time needs no room, and tells other hosts that this server lives.
    const now = new Date();
    try {
      fs.utimesSync(file, now, now);
    } catch {
      // the next heartbeat tries again
    }
  }
}

function write(file: string, mine: Identity): string {
  const temporary = `${file}.${mine.host}.${mine.pid}.tmp`;
  fs.writeFileSync(temporary, JSON.stringify({ ...mine, heartbeatAtMs: Date.now() }), { mode: 0o600 });
  return temporary;
}

/** Moves a dead owner's lock away, so that of two who find it dead only one removes it. */
function moveAside(file: string, seen: PoolLockFile | "unreadable"): void {
  const mine = self();
  const aside = `${file}.${mine.host}.${mine.pid}.dead`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return; // another has done it
  }
  const moved = read(aside);
  const isOther = typeof moved === "object" && (typeof seen !== "object" || !isSame(moved, seen));
  if (isOther && isAlive(moved, aside)) {
    // Between our look and the move another server has taken it: put it back.
    try {
      fs.linkSync(aside, file);
    } catch {
      // a third has it now; the second sees that at its next heartbeat
    }
  }
  fs.rmSync(aside, { force: true });
}

/** `unreadable`: there is something, and it is no lock or cannot be read now. */
function read(file: string): PoolLockFile | "missing" | "unreadable" {
  try {
    return PoolLockFile.parse(JSON.parse(fs.readFileSync(file, "utf8")));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR" ? "missing" : "unreadable";
  }
}
