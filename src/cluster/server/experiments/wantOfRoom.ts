/** A run that ended since a disk was full has done nothing wrong: it goes on when there is room. Pure. */
import type { Failure } from "../../protocol/entities.ts";
import { diskErrorOf } from "../resources/diskErrors.ts";
import { formatBytes } from "../bytes.ts";
import type { TrialEvent } from "./lifecycle.ts";

/** What the exception says that ended the script: of trainyard's own checkpoint, or of any file that it wrote. */
export function isForWantOfRoom(event: TrialEvent, failure: Pick<Failure, "exception"> | null): boolean {
  if (event.type !== "runEnded" || event.ending.kind !== "failed" || !event.ending.mayRestart) return false;
  const exception = failure?.exception ?? null;
  if (exception === null) return false;
  if (/\bCheckpointError$/.test(exception.type) && exception.message.includes("was not stored")) return true;
  const code = diskErrorOf(new Error(exception.message));
  return code === "ENOSPC" || code === "EDQUOT";
}

export interface Room {
  isUsable: boolean;
  message: string | null;
  freeBytes: number | null;
}

/** Why a trial waits for the disk, in one sentence; null when it does not. @param waitsForBytes what its last run had no room for */
export function roomReason(room: Room, waitsForBytes: number | undefined): string | null {
  if (!room.isUsable) return `Waits for the disk: ${room.message ?? "it cannot be written."}`;
  if (waitsForBytes === undefined || room.freeBytes === null || room.freeBytes >= waitsForBytes) return null;
  return `Its last run had no room for its checkpoint: waits for ${formatBytes(waitsForBytes)} on the pool's disk.`;
}
