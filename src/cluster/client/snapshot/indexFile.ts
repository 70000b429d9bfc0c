/** Reads git's index file (gitformat-index, versions 2 and 3), which spares a process and gives sizes without stat. */

export interface IndexEntry {
  /** Bytes as latin1, as git.ts has them. */
  path: string;
  /** As git has it: 0o100644, 0o100755, 0o120000 (link). */
  mode: number;
  /** Size modulo 2^32. */
  bytes: number;
}

const HEADER_BYTES = 12;
/** Ten 32-bit numbers of stat data, the object id (SHA-1) and the flags. */
const FIXED_BYTES = 40 + 20 + 2;

/** @throws Error when it is not an index of ours (then it is built anew) */
export function parseIndex(buffer: Buffer): IndexEntry[] {
  if (buffer.length < HEADER_BYTES || buffer.toString("latin1", 0, 4) !== "DIRC")
    throw new Error("not a git index");
  const version = buffer.readUInt32BE(4);
  if (version !== 2 && version !== 3) throw new Error(`a git index of version ${version}`);
  const count = buffer.readUInt32BE(8);
  const entries: IndexEntry[] = [];
  let offset = HEADER_BYTES;
  for (let number = 0; number < count; number++) {
    const extended = version >= 3 && (buffer.readUInt16BE(offset + FIXED_BYTES - 2) & 0x4000) !== 0;
    const start = offset + FIXED_BYTES + (extended ? 2 : 0);
    const end = buffer.indexOf(0, start);
    if (end === -1) throw new Error("a git index that is cut short");
    entries.push({
      path: buffer.toString("latin1", start, end),
      mode: buffer.readUInt32BE(offset + 24),
      bytes: buffer.readUInt32BE(offset + 36),
    });
    // An entry is padded with 1 to 8 NULs to a multiple of eight bytes.
    offset += (end - offset + 8) & ~7;
  }
  return entries;
}

/** From here on an index no longer holds a size whole. */
export const HUGE_BYTES = 2 ** 32;

/**
 * @param indexed as the index has it
 * @param remembered of the file when it was read; git has 0x80000000 for multiples of 4 GiB, to tell them from empty files
 */
export function wholeSize(indexed: number, remembered: number | undefined): number {
  if (remembered === undefined) return indexed;
  const lower = remembered % HUGE_BYTES;
  return indexed === lower || (lower === 0 && indexed === 0x80000000) ? remembered : indexed;
}
