/** SQLite's errors in words for a person. */
import { CallError } from "../callError.ts";

const CODES = {
  busy: 5,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

/** SQLite's primary result code; null for another error. */
export function sqliteCode(error: unknown): number | null {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code & 0xff : null;
}

export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === CODES.corrupt || code === CODES.notADatabase;
}

/** SQLite would have to write beside a file that is only to be read: its folder forbids that. */
export function needsToWrite(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === CODES.readOnly || code === CODES.cannotOpen;
}

/** @returns the error itself where there is nothing to add to it */
export function explained(error: unknown, file: string): unknown {
  const words = error instanceof Error ? error.message : String(error);
  switch (sqliteCode(error)) {
    case CODES.corrupt:
    case CODES.notADatabase:
      return new CallError(
        "unavailable",
        `The pool's database is damaged (${words}): ${file}.`,
        "Run: trainyard pool check --repair. It is rebuilt from its backup and the run directories; training goes on.",
        { cause: error },
      );
    case CODES.busy:
      return new CallError(
        "unavailable",
        `The pool's database is in use by another process, which has it for itself: ${file}.`,
        "On a network file system only the server may read it: stop that (trainyard server stop), then try again. Training goes on.",
        { cause: error },
      );
    case CODES.full:
      return new CallError(
        "unavailable",
        `The pool's database cannot be written: its disk or quota is full (${file}).`,
        "Free some of it. What trains there trains on, and nothing that was reported is lost.",
        { cause: error },
      );
    case CODES.io:
      return new CallError(
        "unavailable",
        `The disk of the pool's database does not work (${words}): ${file}.`,
        "See the system's log (dmesg) for what is wrong with the disk; copy the pool elsewhere with: trainyard pool backup FOLDER.",
        { cause: error },
      );
    case CODES.readOnly:
      return new CallError(
        "unavailable",
        `The pool's database may not be written: ${file}.`,
        "See that the file and its folder are yours, that you may write there, and that its disk is not read-only.",
        { cause: error },
      );
    case CODES.cannotOpen:
      return new CallError(
        "unavailable",
        `The pool's database cannot be opened (${words}): ${file}.`,
        "See that it is a file of yours that you may read and write, and that its disk is there.",
        { cause: error },
      );
    default:
      return error;
  }
}
