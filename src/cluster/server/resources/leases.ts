/** Who holds which slot, without touching the locks: /proc/locks says whether, the lease file says who. */
import { readFileSync, readlinkSync, statSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { LeaseHolder } from "../../protocol/runDirectory.ts";

export interface Lease {
  /** Null when the file does not say it. */
  holder: LeaseHolder | null;
  /** When the holder answered last, in milliseconds, if it should have done so since. */
  silentSinceMs: number | null;
}

/** A holder that did not touch its file for so many of its heartbeats hangs. */
const SILENT_AFTER_BEATS = 6;
/** Of a holder whose lock cannot be seen: after so many it is gone. */
const GONE_AFTER_BEATS = 3;
/** Inside another one the kernel shows only its own locks, and of these only those whose taker lives. */
const FIRST_PID_NAMESPACE = "pid:[4026531836]";

/** A reader of one moment: /proc/locks is read once for all slots. */
export function createLeaseReader(folder: string): (name: string) => Lease | null {
  const locks = readLocks();
  const now = Date.now();
  const seesAll = seesAllLocks();
  return (name) => {
    const file = path.join(folder, name);
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return null;
    const holder = readHolder(file);
    const beats = holder?.heartbeatS === undefined ? null : (now - stat.mtimeMs) / 1000 / holder.heartbeatS;
    const devices = locks.get(stat.ino);
    if (devices === undefined) {
      const answers = beats !== null && beats < GONE_AFTER_BEATS;
      return answers && (!seesAll || holder?.host !== hostname()) ? { holder, silentSinceMs: null } : null;
    }
    // Btrfs and overlays give files another device number than the one in /proc/locks; then the holder has to live.
    if (!devices.has(deviceText(stat.dev)) && (holder === null || !exists(holder.pid))) return null;
    return { holder, silentSinceMs: beats !== null && beats >= SILENT_AFTER_BEATS ? stat.mtimeMs : null };
  };
}

/** Inode to the devices on which a file of that number is locked, of lines like `1: FLOCK ADVISORY WRITE 47 08:01:131 0 EOF`. */
function readLocks(): Map<number, Set<string>> {
  const locks = new Map<number, Set<string>>();
  let text: string;
  try {
    text = readFileSync("/proc/locks", "latin1");
  } catch {
    return locks; // no Linux
  }
  for (const line of text.split("\n")) {
    const [, device, inode] = /^\d+: FLOCK .* ([0-9a-f]+:[0-9a-f]+):(\d+) \d+ \S+$/.exec(line.trim()) ?? [];
    if (device === undefined || inode === undefined) continue;
    const devices = locks.get(Number(inode)) ?? new Set();
    locks.set(Number(inode), devices.add(device));
  }
  return locks;
}

/** As /proc/locks writes it: major and minor number, two hexadecimal digits at least. */
function deviceText(device: number): string {
  const value = BigInt(device);
  const major = ((value >> 8n) & 0xfffn) | ((value >> 32n) & 0xfffff000n);
  const minor = (value & 0xffn) | ((value >> 12n) & 0xffffff00n);
  return [major, minor].map((part) => part.toString(16).padStart(2, "0")).join(":");
}

function readHolder(file: string): LeaseHolder | null {
  try {
    return LeaseHolder.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return null;
  }
}

function seesAllLocks(): boolean {
  try {
    return readlinkSync("/proc/self/ns/pid") === FIRST_PID_NAMESPACE;
  } catch {
    return true; // no Linux
  }
}

function exists(pid: number): boolean {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false }) !== undefined;
}
