/** Which paths a snapshot reads again and which it forgets: pure, from what git and the folder say. */
import { displayPath } from "../git.ts";
import type { Look } from "./files.ts";
import type { Nested } from "./nested.ts";
import { isUnder } from "./restored.ts";

/** All paths are byte paths, relative to the root. */
export interface Facts {
  /** What the private index holds, with sizes. */
  entries: ReadonlyMap<string, number>;
  /** New, changed and vanished paths; a nested repository ends with `/`. */
  scanned: ReadonlySet<string>;
  /** Ignored files that the person tracks. */
  tracked: readonly string[];
  /** What the index holds although a rule ignores it now. */
  ignoredNow: readonly string[];
  nested: Nested;
  /** Left out by the person, restored from a pool, or unreadable. */
  never: readonly string[];
}

export function choosePaths(facts: Facts): { wanted: Set<string>; remove: Set<string> } {
  const { entries, nested, never } = facts;
  const wanted = new Set<string>();
  // Inside of a nested repository its own list counts, apart from changes to what is known.
  for (const name of facts.scanned)
    if (!name.endsWith("/") && (entries.has(name) || !isUnder(name, nested.folders))) wanted.add(name);
  for (const name of [...facts.tracked, ...nested.files]) if (!entries.has(name)) wanted.add(name);

  const keep = new Set([...facts.tracked, ...nested.files]);
  const remove = new Set(facts.ignoredNow.filter((name) => !keep.has(name)));
  if (never.length > 0 || nested.folders.length > 0)
    for (const name of entries.keys())
      if (isUnder(name, never) || (isUnder(name, nested.folders) && !nested.listed.has(name)))
        remove.add(name);
  for (const name of wanted) if (remove.has(name) || isUnder(name, never)) wanted.delete(name);
  return { wanted, remove };
}

export interface Changes {
  /** Paths to read again (or to drop, where they are gone), and paths to forget. */
  stage: string[];
  remove: string[];
  /** State of each file that is to be read, so that a change while reading is seen. */
  seen: Map<string, string>;
  unreadable: { path: string; reason: string }[];
  /** What the snapshot will hold, with sizes. */
  entries: Map<string, number>;
}

/** Applies what was seen on disk to what is known. */
export function applyLooks(
  known: ReadonlyMap<string, number>,
  looks: readonly Look[],
  remove: Set<string>,
): Changes {
  const entries = new Map(known);
  const changes: Changes = { stage: [], remove: [], seen: new Map(), unreadable: [], entries };
  const added = new Set<string>();
  for (const { name, bytes, state, problem } of looks) {
    if (problem !== null) {
      changes.unreadable.push({ path: displayPath(name), reason: problem });
      if (entries.delete(name)) remove.add(name);
    } else if (state === null) {
      if (entries.delete(name)) changes.stage.push(name);
    } else {
      changes.stage.push(name);
      changes.seen.set(name, state);
      if (!entries.has(name)) added.add(name);
      entries.set(name, bytes);
    }
  }
  for (const name of remove) entries.delete(name);
  changes.remove = [...remove];
  dropHidden(changes, added);
  return changes;
}

/**
 * Where a folder has become a link or a file, git still sees the files that were in it, through the link: not ours.
 * `added` are the staged names that the index did not have.
 */
function dropHidden(changes: Changes, added: ReadonlySet<string>): void {
  if (added.size === 0) return;
  const hidden = (name: string): boolean => {
    for (let at = name.lastIndexOf("/"); at > 0; at = name.lastIndexOf("/", at - 1))
      if (added.has(name.slice(0, at))) return true;
    return false;
  };
  for (const name of changes.entries.keys()) if (hidden(name)) changes.entries.delete(name);
  for (const name of changes.seen.keys()) if (hidden(name)) changes.seen.delete(name);
  changes.stage = changes.stage.filter((name) => !hidden(name));
}

/** Folders that git could not open, from its warnings (byte paths are not kept there; names are as displayed). */
export function unreadableFolders(stderr: string): { path: string; reason: string }[] {
  return [...stderr.matchAll(/^warning: could not open directory '(.*)': (.*)$/gm)].map((match) => ({
    path: (match[1] ?? "").replace(/\/$/, ""),
    reason: `cannot be read: ${match[2] ?? ""}`,
  }));
}
