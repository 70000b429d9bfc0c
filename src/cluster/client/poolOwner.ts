/** A pool folder on a file system that several hosts share belongs to the server on one of them. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { PoolLockFile, STALE_ELSEWHERE_MS } from "../protocol/poolLock.ts";
import { UserError } from "./userError.ts";

export class ServedElsewhere extends UserError {
  readonly owner: PoolLockFile;
  constructor(home: string, owner: PoolLockFile) {
    const seenS = Math.max(0, Math.round((Date.now() - owner.heartbeatAtMs) / 1000));
    super(
      `The pool ${home} belongs to a server on ${owner.host}, seen ${seenS} s ago; this is ${os.hostname()}.`,
      `Use it there, or end it there (trainyard server stop). If ${owner.host} is down, it is taken over ${STALE_ELSEWHERE_MS / 60_000} minutes after it was last seen.`,
    );
    this.owner = owner;
  }
}

/** @throws ServedElsewhere when a server on another host has shown not long ago that it lives */
export function requireNotElsewhere(home: string): void {
  const owner = readOwner(home);
  if (owner === null || owner.host === os.hostname()) return;
  if (Math.abs(Date.now() - owner.heartbeatAtMs) < STALE_ELSEWHERE_MS) throw new ServedElsewhere(home, owner);
}

/** Null where there is none that could be read: a server that is started looks more closely. */
function readOwner(home: string): PoolLockFile | null {
  try {
    return PoolLockFile.parse(JSON.parse(fs.readFileSync(path.join(home, "state", "lock"), "utf8")));
  } catch {
    return null;
  }
}
