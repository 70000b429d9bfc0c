/** Which files of two snapshots differ. Pure. */

interface SnapshotFile {
  path: string;
  bytes: number;
  mode: string;
  /** Missing from a server of before it was told. */
  id?: string | undefined;
}
export interface ChangedFile {
  path: string;
  /** On the left, on the right. */
  isBefore: boolean;
  isAfter: boolean;
}

/** `script` first, since it is what most likely was changed on purpose; the others by name. */
export function changedFiles(
  before: readonly SnapshotFile[],
  after: readonly SnapshotFile[],
  script: string,
): ChangedFile[] {
  const left = new Map(before.map((file) => [file.path, file]));
  const right = new Map(after.map((file) => [file.path, file]));
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((path) => !isSame(left.get(path), right.get(path)))
    .sort((a, b) => Number(b === script) - Number(a === script) || (a < b ? -1 : 1))
    .map((path) => ({ path, isBefore: left.has(path), isAfter: right.has(path) }));
}

function isSame(a: SnapshotFile | undefined, b: SnapshotFile | undefined): boolean {
  return a !== undefined && b !== undefined && a.id === b.id && a.bytes === b.bytes && a.mode === b.mode;
}
