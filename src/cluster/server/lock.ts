/** One server a pool folder: `<pool>/state/lock` names it. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { z } from "zod";

const LockFile = z.object({
  host: z.string(),
  bootId: z.string(),
  pid: z.number().int(),
  startTicks: z.number().int(),
  heartbeatAtMs: z.number(),
});
type LockFile = z.infer<typeof LockFile>;

const HEARTBEAT_MS = 5_000;
/** On another host only its heartbeat can be seen; clocks may differ by minutes. */
const STALE_ELSEWHERE_MS = 10 * 60_000;

export class PoolIsTaken extends Error {
  override readonly name = "PoolIsTaken";
}

export interface PoolLock {
  release(): void;
}

/**
 * Takes the pool folder for this process; a dead owner's lock is taken over.
 * @throws PoolIsTaken when a living server owns it, here or on another host
 */
export function takePoolLock(stateFolder: string): PoolLock {
  fs.mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  const file = path.join(stateFolder, "lock");
  const mine: LockFile = {
    host: os.hostname(),
    bootId: bootId(),
    pid: process.pid,
    startTicks: startTicks(process.pid) ?? 0,
    heartbeatAtMs: Date.now(),
  };
  for (let attempt = 0; ; attempt++) {
    if (create(file, mine)) break;
    const owner = read(file);
    if (owner !== null && isAlive(owner)) {
      throw new PoolIsTaken(
        `The pool ${path.dirname(stateFolder)} is owned by a server on ${owner.host} (pid ${owner.pid}).`,
      );
    }
    if (attempt >= 10)
      throw new PoolIsTaken(`The lock ${file} could not be taken. Delete it when no Trainyard server runs.`);
    remove(file, owner);
  }
  const heartbeat = setInterval(() => {
    // Somebody who deleted the folder or the lock by hand must not be undone.
    if (read(file)?.pid === mine.pid) replace(file, { ...mine, heartbeatAtMs: Date.now() });
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    release() {
      clearInterval(heartbeat);
      if (read(file)?.pid === mine.pid) fs.rmSync(file, { force: true });
    },
  };
}

/** With a hard link the lock appears whole or not at all, on shared file systems too. */
function create(file: string, content: LockFile): boolean {
  const temporary = `${file}.${content.pid}.tmp`;
  fs.writeFileSync(temporary, JSON.stringify(content), { mode: 0o600 });
  try {
    fs.linkSync(temporary, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

function replace(file: string, content: LockFile): void {
  const temporary = `${file}.${content.pid}.tmp`;
  try {
    fs.writeFileSync(temporary, JSON.stringify(content), { mode: 0o600 });
    fs.renameSync(temporary, file);
  } catch {
    // A full disk: the next heartbeat tries again.
  }
}

/** Moves the dead owner's lock away, so that of two who find it dead only one removes it. */
function remove(file: string, seen: LockFile | null): void {
  const aside = `${file}.${process.pid}.dead`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return; // another has done it
  }
  const moved = read(aside);
  // Between our look and the move another server may have taken it: put it back.
  if (moved !== null && moved.pid !== seen?.pid && isAlive(moved)) {
    try {
      fs.linkSync(aside, file);
    } catch {
      // a third has taken it
    }
  }
  fs.rmSync(aside, { force: true });
}

function read(file: string): LockFile | null {
  try {
    return LockFile.parse(JSON.parse(fs.readFileSync(file, "utf8")));
  } catch {
    return null;
  }
}

function isAlive(owner: LockFile): boolean {
  if (owner.host !== os.hostname()) return Date.now() - owner.heartbeatAtMs < STALE_ELSEWHERE_MS;
  if (owner.bootId !== bootId()) return false;
  return startTicks(owner.pid) === owner.startTicks;
}

function bootId(): string {
  try {
    return fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown";
  }
}

/** Field 22 of /proc/PID/stat; null for no process and for a zombie. Elsewhere than on Linux 0 for a living process. */
function startTicks(pid: number): number | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? null : Number(fields[19]);
  } catch {
    if (process.platform === "linux") return null;
  }
  try {
    process.kill(pid, 0);
    return 0;
  } catch {
    return null;
  }
}
