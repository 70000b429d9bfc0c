/**
 * Whether the pool's folder can be written, and how much room there is. What goes wrong is noticed where it happens (a
 * transaction, a launch); then a file is written again and again until that succeeds, which is also how quotas are seen that
 * the file system does not tell of. A folder that does not answer holds nobody up here: no call waits for it.
 */
import type { StatsFs } from "node:fs";
import { open, rm, statfs } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PoolDisk } from "../../protocol/entities.ts";
import { formatBytes } from "../bytes.ts";
import type { Logger } from "../ports.ts";
import { diskErrorInWords, type DiskErrorCode, diskErrorOf } from "./diskErrors.ts";

/** With less nothing new is started: what runs needs it to end well. */
const MIN_FREE_BYTES = 64 * 1024 * 1024;
const LOOK_MS = 2000;
const SILENT_MS = 3000;
/** Which may be file systems of their own. */
const PARTS = ["runs", "checkpoints"];
const PROBE_BYTES = 64 * 1024;

export interface DiskWatch {
  /** As it was seen last. */
  readonly state: PoolDisk;
  /** Nothing new may be started. */
  readonly isUsable: boolean;
  /** As it is, if it answers within a moment. */
  fresh(): Promise<PoolDisk>;
  /** @returns whether the error is the disk's */
  noticed(error: unknown): boolean;
  /** A word to people while the disk works, such as when it will be full; null takes it back. */
  warn(message: string | null): void;
  /** `state` but for its numbers is another one. */
  onChange(listener: () => void): void;
  close(): void;
}
export interface DiskWatchOptions {
  /** Absolute path of the pool folder. */
  folder: string;
  logger: Logger;
  minFreeBytes?: number;
  lookMs?: number;
  silentMs?: number;
}

export function createDiskWatch({
  folder,
  logger,
  minFreeBytes = MIN_FREE_BYTES,
  lookMs = LOOK_MS,
  silentMs = SILENT_MS,
}: DiskWatchOptions): DiskWatch {
  const listeners = new Set<() => void>();
  const probe = path.join(folder, "state", `.room-${process.pid}`);
  let state: PoolDisk = { state: "ok", message: null, freeBytes: null, totalBytes: null };
  let trouble: DiskErrorCode | null = null;
  let warning: string | null = null;
  /** folder -> since when it owes an answer */
  const askedAt = new Map<string, number>();
  let isClosed = false;

  function put(next: Pick<PoolDisk, "state" | "message">, numbers: Partial<PoolDisk> = {}): void {
    const isNews = next.state !== state.state || next.message !== state.message;
    state = { ...state, ...numbers, ...next };
    if (!isNews || isClosed) return;
    if (next.state === "ok" || next.state === "filling") logger.info("the pool's disk", { ...state });
    else logger.warn("the pool's disk", { ...state });
    for (const listener of listeners) listener();
  }

  async function look(): Promise<void> {
    for (const other of PARTS) void touch(path.join(folder, other));
    const answer = await touch(folder);
    if (answer === null) return judge(state.freeBytes, state.totalBytes);
    if (answer instanceof Error) {
      trouble = diskErrorOf(answer) ?? "EIO";
      return judge(null, null);
    }
    if (trouble !== null) trouble = await tryToWrite();
    judge(answer.bavail * answer.bsize, answer.blocks * answer.bsize);
  }

  /** @returns null while an earlier question has not been answered: each may keep a thread of Node's */
  async function touch(part: string): Promise<StatsFs | Error | null> {
    if (askedAt.has(part)) return null;
    askedAt.set(part, Date.now());
    try {
      return await statfs(part);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      askedAt.delete(part);
    }
  }

  /** The first folder that has not answered for a while. */
  function silent(): string | null {
    for (const [part, since] of askedAt) if (Date.now() - since >= silentMs) return part;
    return null;
  }

  async function tryToWrite(): Promise<DiskErrorCode | null> {
    try {
      const file = await open(probe, "w", 0o600);
      try {
        await file.writeFile(Buffer.alloc(PROBE_BYTES, 1));
        await file.sync();
      } finally {
        await file.close();
      }
      return null;
    } catch (error) {
      return diskErrorOf(error) ?? "EIO";
    } finally {
      await rm(probe, { force: true }).catch(() => undefined);
    }
  }

  function judge(freeBytes: number | null, totalBytes: number | null): void {
    const numbers = { freeBytes, totalBytes };
    const silentPart = silent();
    if (silentPart !== null) {
      put(
        {
          state: "silent",
          message: `${silentPart} does not answer: its file server may be down. ${UNTIL_THEN}`,
        },
        numbers,
      );
      return;
    }
    const isShort = freeBytes !== null && freeBytes < minFreeBytes;
    if (isShort && (trouble === null || trouble === "ENOSPC"))
      put(
        { state: "full", message: `The disk of the pool is full: ${roundly(freeBytes)} free. ${FREE_SOME}` },
        numbers,
      );
    else if (trouble === "ENOSPC" || trouble === "EDQUOT")
      put({ state: "full", message: `The disk of the pool ${NO_ROOM[trouble]}. ${FREE_SOME}` }, numbers);
    else if (trouble !== null)
      put(
        { state: "failing", message: `The disk of the pool (${folder}) ${diskErrorInWords(trouble)}.` },
        numbers,
      );
    else if (warning !== null) put({ state: "filling", message: warning }, numbers);
    else put({ state: "ok", message: null }, numbers);
  }

  const timer = setInterval(() => void look(), lookMs);
  timer.unref();
  void look();
  return {
    get state() {
      return state;
    },
    get isUsable() {
      return state.state === "ok" || state.state === "filling";
    },
    async fresh() {
      await Promise.race([look(), sleep(silentMs, undefined, { ref: false })]);
      return state;
    },
    noticed(error) {
      const code = diskErrorOf(error);
      if (code === null) return false;
      trouble = code;
      judge(state.freeBytes, state.totalBytes);
      return true;
    },
    warn(message) {
      warning = message;
    },
    onChange: (listener) => void listeners.add(listener),
    close() {
      isClosed = true;
      clearInterval(timer);
    },
  };
}

const NO_ROOM = {
  ENOSPC: "has no room left, whatever it says of free bytes: out of inodes, or of a project's quota",
  EDQUOT: diskErrorInWords("EDQUOT"),
};
const UNTIL_THEN = "What runs there runs on; nothing new is started until it answers.";
const FREE_SOME =
  "Nothing new is started until there is room: `trainyard checkpoints collect`, or Free Space in the editor, shows what can go.";

/** To the nearest that is worth saying: the sentence would be another with every block. */
function roundly(freeBytes: number): string {
  return formatBytes(freeBytes < 1024 ** 2 ? 0 : Math.floor(freeBytes / 1024 ** 2) * 1024 ** 2);
}
