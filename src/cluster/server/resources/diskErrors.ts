/** Which errors are the disk's and not ours, wherever they come from: Node, the SQLite inside it, git, a supervisor. Pure. */

export type DiskErrorCode = "ENOSPC" | "EDQUOT" | "EIO" | "EROFS" | "ESTALE";

/** The low byte of SQLite's result codes. */
const SQLITE: Readonly<Record<number, DiskErrorCode>> = { 8: "EROFS", 10: "EIO", 13: "ENOSPC" };
/** As libc says it, and so git and every other program that we start. */
const WORDS: readonly (readonly [RegExp, DiskErrorCode])[] = [
  [/no space left|database or disk is full/i, "ENOSPC"],
  [/disk quota exceeded/i, "EDQUOT"],
  [/read-only file system/i, "EROFS"],
  [/stale (NFS )?file handle/i, "ESTALE"],
  [/input\/output error/i, "EIO"],
];
const IN_WORDS: Readonly<Record<DiskErrorCode, string>> = {
  ENOSPC: "is full",
  EDQUOT: "has no room left for this account: its quota is used up",
  EIO: "fails: it answers with input/output errors",
  EROFS: "cannot be written: it is read-only",
  ESTALE: "is not what it was: its server has forgotten it (a stale file handle)",
};

export function isDiskErrorCode(code: unknown): code is DiskErrorCode {
  return typeof code === "string" && Object.hasOwn(IN_WORDS, code);
}

/** @returns null when the disk is not to blame */
export function diskErrorOf(error: unknown): DiskErrorCode | null {
  for (let each = error, depth = 0; each instanceof Error && depth < 8; each = each.cause, depth++) {
    const { code, errcode } = each as { code?: unknown; errcode?: unknown };
    if (isDiskErrorCode(code)) return code;
    const ofSqlite = typeof errcode === "number" ? SQLITE[errcode & 0xff] : undefined;
    if (ofSqlite !== undefined) return ofSqlite;
    const said = WORDS.find(([words]) => words.test(each.message))?.[1];
    if (said !== undefined) return said;
  }
  return null;
}

/** Goes on after "The disk of the pool". */
export const diskErrorInWords = (code: DiskErrorCode): string => IN_WORDS[code];
