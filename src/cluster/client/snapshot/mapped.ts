/** Paths of the root that are on a pool already: what the configuration and the person say, and whether it can be. */
import { bytePath } from "../git.ts";
import { UserError } from "../userError.ts";

export interface MappedPath {
  /** Relative to the root. */
  path: string;
  /** On the pool: absolute, or in the home folder there (`~/`). */
  target: string;
  reason: string;
  /** The person said so, and may take it back; otherwise the configuration does. */
  isOwn: boolean;
}

/** What the person said for a folder goes before what the configuration, which others share, says. */
export function mappedPaths(
  own: Readonly<Record<string, string>>,
  configured: readonly Omit<MappedPath, "isOwn">[],
  pool: string,
): MappedPath[] {
  return [
    ...Object.entries(own).map(([path, target]) => ({
      path,
      target,
      reason: `mapped on ${pool} by you`,
      isOwn: true,
    })),
    ...configured.filter(({ path }) => !Object.hasOwn(own, path)).map((one) => ({ ...one, isOwn: false })),
  ];
}

/** The run gets a link there, so nothing of the snapshot can be at that place. @throws UserError */
export function requireMappable(
  mapped: readonly MappedPath[],
  { entries, pool }: { entries: ReadonlyMap<string, number>; pool: string },
): void {
  for (const { path, target, reason } of mapped) {
    const outer = mapped.find((other) => other.path !== path && path.startsWith(`${other.path}/`));
    if (outer)
      throw new UserError(
        `${path} lies in ${outer.path}, which is ${outer.target} on ${pool} (${outer.reason}).`,
        "Take one of the two back.",
      );
    const held = partOfSnapshot(path, entries);
    if (held === null) continue;
    const what = held === bytePath(path) ? "" : `: it holds ${Buffer.from(held, "latin1").toString("utf8")}`;
    throw new UserError(
      `${path} is part of the snapshot${what}. It cannot be ${target} on ${pool} too (${reason}).`,
      "Leave it out of the snapshot first, or take the path on the pool back.",
    );
  }
}

/** The byte path of what the snapshot has at a path, or in it. */
function partOfSnapshot(path: string, entries: ReadonlyMap<string, number>): string | null {
  const name = bytePath(path);
  if (entries.has(name)) return name;
  for (const entry of entries.keys()) if (entry.startsWith(`${name}/`)) return entry;
  return null;
}
