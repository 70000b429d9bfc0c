/**
 * What has just been written to a disk may be lost with the power, although its name is there already. Waiting for 20,000
 * files would cost a run's start seconds, so they are written out a little later, all that is due at once.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The script that has just been started comes first. */
const QUIET_MS = 5000;

export interface WriteOut {
  /** Calls `done` when all that is in the folder now is on the disk; never where that cannot be known. */
  later(done: () => Promise<void>): void;
}

export function createWriteOut(folder: string, quietMs = QUIET_MS): WriteOut {
  let waiting: (() => Promise<void>)[] = [];

  async function writeOut(): Promise<void> {
    const due = waiting;
    waiting = [];
    await promisify(execFile)("sync", ["-f", folder]);
    for (const done of due) await done();
  }

  return {
    later: (done) => {
      if (waiting.push(done) > 1) return;
      setTimeout(() => void writeOut().catch(() => undefined), quietMs).unref();
    },
  };
}
