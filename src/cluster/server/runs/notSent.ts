/**
 * Whether what a script did not find is what the client left out of the snapshot. Pure: the client's files are not here,
 * all that is known of them is what it said that it left out, and why.
 */
import path from "node:path/posix";
import { isInsidePath } from "../../protocol/base.ts";
import type { Failure, LeftOutPath, SnapshotInfo } from "../../protocol/entities.ts";

export interface Places {
  /** Absolute paths of `work/`, as the script may have seen it. */
  work: readonly string[];
  /** Where the script started, relative to `work/`, and the script from there. */
  directory: string;
  script: string;
  snapshot: Pick<SnapshotInfo, "root" | "linked" | "leftOut">;
}

export interface NotSent {
  notSent: NonNullable<Failure["notSent"]>;
  /** What is certain goes before the exception, what may be after it. */
  isCertain: boolean;
  sentence: string;
}

/** Of libraries that raise another exception, or of a program that only prints. */
const MISSING_FILE = /no such file or directory|errno = 2\b/i;
/** The same may be said of a column or a key: then only what looks like a path is taken for one. */
const MISSING = /\bnot found\b|does(n't| not) exist|(cannot|can't|could not|couldn't|unable to) (find|open)/i;
/** In the list of what was left out: it is not whole. */
const MORE = "...";
const MOST_CANDIDATES = 50;

/** @param exception null for a line that a program printed */
export function findNotSent(exception: string | null, message: string, places: Places): NotSent | null {
  const isFileNotFound = exception === "FileNotFoundError";
  const isFile = isFileNotFound || MISSING_FILE.test(message);
  if (!isFile && !MISSING.test(message)) return null;
  const { leftOut, linked } = places.snapshot;
  // What is missing in a folder that is linked into the run is missing there.
  const names = pathsIn(message)
    .filter((named) => isFile || looksLikePath(named))
    .flatMap((named) => namesOf(named, places))
    .filter(({ name }) => !linked.some((link) => isAtOrIn(name, link.path)));
  for (const { name, isOnPool } of names) {
    const left = leftOut.find((one) => isAtOrIn(name, one.path));
    // Where runs see the person's files, a path among those that is missing is missing there.
    if (left && isInsidePath(left.path) && (isOnPool || !left.linkable))
      return certain(name, left.path, left);
  }
  // Of a folder in which all is left out nothing is there.
  for (const { name } of names) {
    const inside = leftOut.find((one) => one.path.startsWith(`${name}/`));
    if (inside) return certain(name, name, inside);
  }
  const unknown = names.find(({ isOnPool }) => isOnPool);
  if (!isFileNotFound || unknown === undefined || !leftOut.some((one) => one.path === MORE)) return null;
  return {
    notSent: { path: unknown.name, leftOut: unknown.name },
    isCertain: false,
    sentence: `${unknown.name} may be one of the many paths that git ignores and that were not sent.`,
  };
}

function isAtOrIn(name: string, folder: string): boolean {
  return name === folder || name.startsWith(`${folder}/`);
}

function certain(name: string, leftOut: string, { reason, linkable, sendable }: LeftOutPath): NotSent {
  const rule = /^ignored by (.+:\d+) \((.+)\)$/.exec(reason);
  const why =
    rule !== null
      ? `is ignored by git and was not sent (${rule[1]}, ${rule[2]})`
      : reason.startsWith("ignored")
        ? "is ignored by git and was not sent"
        : `was not sent (${reason})`;
  const remedy =
    sendable === false
      ? "Use a path on the pool."
      : linkable
        ? "Link it, or send it."
        : "Send it, or use a path on the pool.";
  return { notSent: { path: name, leftOut }, isCertain: true, sentence: `${name} ${why}. ${remedy}` };
}

/** What may be a path in a message: whatever is quoted, else words that look like one. */
function pathsIn(message: string): string[] {
  const quoted = [...message.matchAll(/(["'`])(.+?)\1/g)].map((match) => match[2] ?? "");
  const words = message
    .split(/\s+/)
    .map((word) => word.replace(/^[("'`[<]+|[)"'`\]>,:;.]+$/g, ""))
    .filter(looksLikePath);
  return [...new Set([...quoted, ...words])].slice(0, MOST_CANDIDATES);
}

function looksLikePath(word: string): boolean {
  return /[/.]/.test(word);
}

/** What a path that the script used is in the snapshot; `isOnPool` where it is that of the run's own folder. */
function namesOf(
  named: string,
  { work, directory, script, snapshot }: Places,
): { name: string; isOnPool: boolean }[] {
  const bases = path.isAbsolute(named)
    ? [...work, snapshot.root].map((folder) => path.relative(folder, named))
    : [directory, path.join(directory, path.dirname(script)), "."].map((from) => path.join(from, named));
  const isHome = (index: number): boolean => path.isAbsolute(named) && index === work.length;
  return bases
    .map((base, index) => ({ name: base.replace(/\/+$/, ""), isOnPool: !isHome(index) }))
    .filter(({ name }) => isInsidePath(name) && name !== ".");
}
