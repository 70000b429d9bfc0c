/** What a snapshot of a folder will hold, what is linked, and what stays behind and why: before a byte is copied. */
import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import type { LeftOutPath, LinkedPath } from "../../protocol/entities.ts";
import type { DataPlace } from "../configuration.ts";
import { bytePath, checkGit, displayPath } from "../git.ts";
import { LOCAL_POOL } from "../pools/poolList.ts";
import { UserError } from "../userError.ts";
import { applyLooks, choosePaths, unreadableFolders } from "./choose.ts";
import { lookAtAll } from "./files.ts";
import { findEnvironments, findIgnored, settleLinks } from "./ignored.ts";
import { wholeSize } from "./indexFile.ts";
import { mappedPaths, type MappedPath } from "./mapped.ts";
import { placesOf, readMemory, type Memory, type Places } from "./memory.ts";
import { nestedAmong, readNested } from "./nested.ts";
import {
  findRepository,
  indexKey,
  listTrackedThoughIgnored,
  readOrEmpty,
  type PersonRepository,
} from "./person.ts";
import { ENVIRONMENT_REASON, LEFT_OUT_REASON } from "./reasons.ts";
import { isUnder, RESTORED_REASON, restoredFolders } from "./restored.ts";
import { listSent, sizesOfSent } from "./sent.ts";
import { Shadow } from "./shadow.ts";
import type { FolderSize } from "./sizes.ts";

/** Above either of these a person is asked once. */
export const ASK_ABOVE = { files: 10_000, bytes: 100_000_000 } as const;

export interface PlanOptions {
  /** The workspace folder: where the run starts. */
  folder: string;
  /** Where private repositories and answers are kept. */
  stateFolder: string;
  /** Values under the configuration's `data:`, absolute or relative to `folder`. */
  dataPaths?: readonly string[];
  /** Name of the pool that it is for (this machine's without one), and what the configuration says is there. */
  pool?: string;
  dataPlaces?: readonly DataPlace[];
  /** Ignored paths to link, and paths to leave out, beside the remembered ones; relative to the root. */
  extraLinks?: readonly string[];
  leftOut?: readonly string[];
  /** False for a pool that does not see this machine's files. */
  linkable?: boolean;
  signal?: AbortSignal | undefined;
}

export interface SnapshotPlan {
  /** Real path of the snapshot's root, and the start directory relative to it (`.` for the root). */
  root: string;
  directory: string;
  files: number;
  bytes: number;
  linked: LinkedPath[];
  leftOut: LeftOutPath[];
  /** Part of the snapshot although git ignores it. */
  sent: FolderSize[];
  /** What is on the pool: the submit asks whether it is there, and links it into the run. */
  mapped: MappedPath[];
  /** Of those left out: data that runs are linked to on a pool that sees this machine's files. */
  unlinked: LeftOutPath[];
  /** Set when the size must be confirmed first (confirmSize); `answered` is what was said yes to before. */
  needsConfirmation: { files: number; bytes: number; answered: Memory["answered"] } | null;
  /** One-line remarks on what was met. */
  notes: string[];
  /** Sizes by byte path, for largestFolders(). */
  readonly entries: ReadonlyMap<string, number>;
  /** For writeSnapshot() alone. */
  readonly work: PlanWork;
}

export interface PlanWork {
  options: PlanOptions;
  places: Places;
  shadow: Shadow;
  repository: PersonRepository | null;
  /** Byte paths to read again, and to forget. */
  stage: string[];
  remove: string[];
  /** Size and time of what is to be read, so that a change while reading is seen. */
  seen: Map<string, string>;
  nested: string[];
  ignoreKey: string;
  tracked: Memory["tracked"];
  indexState: string;
  plannedAt: number;
}

/** @throws UserError, GitError, AbortError */
export async function planSnapshot(options: PlanOptions): Promise<SnapshotPlan> {
  try {
    return await plan(options, false);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof UserError) throw error;
    // The private repository may be damaged (a full disk, a lost machine). It can always be built again.
    return plan(options, true);
  }
}

async function plan(options: PlanOptions, anew: boolean): Promise<SnapshotPlan> {
  const { signal } = options;
  const folder = await realFolder(options.folder);
  await checkGit();
  const { repository, globalExclude } = await findRepository(folder, signal);
  const root = repository ? await realpath(repository.root) : folder;
  const directory = path.relative(root, folder) || ".";
  const places = placesOf(options.stateFolder, root);
  const memory = await readMemory(places.memory, root);
  const shadow = new Shadow(places.repository, root, globalExclude);
  const infoExclude = repository ? await readOrEmpty(repository.infoExclude) : Buffer.alloc(0);
  if (anew) await shadow.discard();
  await shadow.prepare(infoExclude);

  const excluded = new Map<string, string>();
  for (const name of await findEnvironments(root, directory)) excluded.set(name, ENVIRONMENT_REASON);
  for (const name of [...memory.leaveOut, ...(options.leftOut ?? [])]) excluded.set(name, LEFT_OUT_REASON);
  const patterns = ["__pycache__/", ...[...excluded.keys()].map(patternOf)];

  const indexState = await stateOfIndex(shadow);
  const trackedKey = repository ? await indexKey(repository) : "none";
  const ignoreKey = JSON.stringify([
    infoExclude.toString("latin1"),
    await identity(globalExclude),
    patterns,
    memory.sent,
  ]);
  const dataPaths = (options.dataPaths ?? []).map((value) =>
    path.relative(root, path.resolve(folder, value)),
  );
  const pool = options.pool ?? LOCAL_POOL;
  const configured = (options.dataPlaces ?? []).map(({ key, path: name, target }) => ({
    path: path.join(directory, name),
    target,
    reason: `${key} of the configuration`,
  }));
  const mapped = mappedPaths(memory.mapped[pool] ?? {}, configured, pool);
  const mappedNames = mapped.map((one) => one.path);
  const links = [...memory.links, ...(options.extraLinks ?? [])];
  const linkable = options.linkable ?? true;
  const [present, scanned, sent, ignored] = await Promise.all([
    shadow.entries(),
    shadow.scan(patterns, signal),
    listSent(shadow, memory.sent, patterns, signal),
    findIgnored({
      root,
      directory,
      shadow,
      dataPaths,
      links,
      excluded,
      sent: memory.sent,
      mapped: mappedNames,
      linkable,
      signal,
    }),
  ]);

  // The rules are applied again to what is in the index only when they, or a .gitignore, or its readers changed.
  const rulesChanged =
    ignoreKey !== memory.ignoreKey ||
    [...scanned.paths].some((name) => name === ".gitignore" || name.endsWith("/.gitignore"));
  const listTracked = async (): Promise<string[]> =>
    repository ? listTrackedThoughIgnored(root, signal) : [];
  const trackedChanged = rulesChanged || memory.tracked.key !== trackedKey;
  const [tracked, ignoredNow] = await Promise.all([
    trackedChanged ? listTracked() : memory.tracked.paths,
    trackedChanged ? shadow.ignoredEntries(patterns, signal) : [],
  ]);

  const candidates = new Set([...scanned.paths, ...sent.files]);
  const nested = await readNested(root, [...memory.nested, ...nestedAmong(candidates)], signal);
  const taken = [...tracked, ...sent.files.filter((name) => !name.endsWith("/"))];
  const restored = await restoredFolders(root, candidates, taken);
  const closed = unreadableFolders(scanned.stderr);
  const known = new Map(present.map(({ path, bytes }) => [path, wholeSize(bytes, memory.huge[path])]));
  const { wanted, remove } = choosePaths({
    entries: known,
    scanned: scanned.paths,
    tracked: taken,
    ignoredNow,
    nested,
    never: [
      ...[...excluded.keys(), ...closed.map((folder) => folder.path)].map(bytePath),
      ...sent.environments,
      ...restored,
    ],
  });
  const changes = applyLooks(known, await lookAtAll(root, [...wanted]), remove);
  const { entries } = changes;
  const unreadable = [...closed, ...changes.unreadable].map((one) => ({
    ...one,
    bytes: null,
    sendable: false,
  }));

  let bytes = 0;
  for (const size of entries.values()) bytes += size;
  const size = { files: entries.size, bytes };
  const names = [...entries.keys()];
  const snapshotHas = (name: string): boolean => {
    const prefix = bytePath(name);
    return names.some((entry) => entry === prefix || entry.startsWith(`${prefix}/`));
  };
  const linked = await settleLinks(root, ignored.linked, snapshotHas, mappedNames);
  const stayBehind = new Map<string, LeftOutPath>();
  for (const name of restored.map(displayPath))
    stayBehind.set(name, { path: name, reason: RESTORED_REASON, bytes: null, sendable: false });
  for (const name of sent.environments.map(displayPath))
    stayBehind.set(name, { path: name, reason: ENVIRONMENT_REASON, bytes: null, sendable: false });
  for (const one of ignored.leftOut) {
    const name = bytePath(one.path);
    // What is tracked although a rule ignores it is in the snapshot.
    if (!entries.has(name) && !isUnder(name, restored)) stayBehind.set(one.path, one);
  }
  for (const one of unreadable) stayBehind.set(one.path, one);
  return {
    root,
    directory,
    ...size,
    linked,
    sent: sizesOfSent(memory.sent, entries),
    mapped,
    leftOut: [...stayBehind.values()],
    unlinked: ignored.unlinked.filter((one) => stayBehind.get(one.path) === one),
    needsConfirmation: mustAsk(size, memory.answered) ? { ...size, answered: memory.answered } : null,
    notes: repository?.isSparse
      ? ["The checkout is sparse: what is not on disk is not in the snapshot."]
      : [],
    entries,
    work: {
      options,
      places,
      shadow,
      repository,
      stage: changes.stage,
      remove: changes.remove,
      seen: changes.seen,
      nested: nested.folders,
      ignoreKey,
      tracked: { key: trackedKey, paths: tracked },
      indexState,
      plannedAt: performance.now(),
    },
  };
}

/** Asked once above the limits, and again when either number has doubled since. */
export function mustAsk(size: { files: number; bytes: number }, answered: Memory["answered"]): boolean {
  const tooMany = size.files > ASK_ABOVE.files && !(answered && size.files < 2 * answered.files);
  const tooLarge = size.bytes > ASK_ABOVE.bytes && !(answered && size.bytes < 2 * answered.bytes);
  return tooMany || tooLarge;
}

async function realFolder(folder: string): Promise<string> {
  const real = await realpath(folder).catch(() => null);
  if (real === null || !(await stat(real)).isDirectory())
    throw new UserError(`${folder} is not a folder.`, "Open a folder that exists.");
  return real;
}

/** Changes whenever anybody writes the index. */
export async function stateOfIndex(shadow: Shadow): Promise<string> {
  return identity(path.join(shadow.folder, "index"));
}

async function identity(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => null);
  return found ? `${found.mtimeNs}/${found.size}/${found.ino}` : "none";
}

/** A path as a gitignore pattern that means only it, at the root. */
function patternOf(name: string): string {
  return `/${name.replace(/[\\*?[\] !#]/g, "\\$&")}`;
}
