/** Reads the planned files into the private repository: the tree id names the code as it was at the click. */
import { randomBytes } from "node:crypto";
import { access } from "node:fs/promises";
import path from "node:path";
import type { LeftOutPath, SnapshotInfo } from "../../protocol/entities.ts";
import { displayPath } from "../git.ts";
import { lookAtAll } from "./files.ts";
import { HUGE_BYTES, wholeSize } from "./indexFile.ts";
import { withLock } from "../fileLock.ts";
import { UserError } from "../userError.ts";
import { sweepLitter } from "./litter.ts";
import { changeMemory } from "./memory.ts";
import { differsFromHead, listNotCheckedOut } from "./person.ts";
import { planSnapshot, stateOfIndex, type SnapshotPlan } from "./plan.ts";
import { Staging, type StageOptions } from "./staging.ts";

/** A plan that a person thought about is made again: what counts is the click that confirms. */
const PLAN_STALE_MS = 1000;
const MOST_UNREADABLE = 50;
/** More changed files than this need no closer look: the folder differs from HEAD. */
const MOST_COMPARED = 100;
/** A list that a person reads; what is beyond is counted. */
const MOST_LISTED = 2000;

export interface WrittenSnapshot {
  /** The git tree id. All objects of it are in the private repository: it can be sent. */
  tree: string;
  /** Settles a little later: whether the folder differs from HEAD is found out beside the sending. */
  info: Promise<SnapshotInfo>;
  /** What was met on the way, one line each. */
  notes: string[];
  plan: SnapshotPlan;
}

export interface WriteOptions {
  signal?: AbortSignal | undefined;
  /** Bytes that were read so far of those that are to be read. Not told where the system does not tell. */
  onProgress?: ((bytes: number, totalBytes: number) => void) | undefined;
}

/** @throws UserError, GitError, AbortError */
export async function writeSnapshot(
  planned: SnapshotPlan,
  { signal, onProgress }: WriteOptions = {},
): Promise<WrittenSnapshot> {
  const { places, options } = planned.work;
  return withLock(places.lock, "snapshot of this folder", signal, async () => {
    const fresh = { ...options, signal };
    await sweepLitter(places);
    let plan = planned;
    const stale = performance.now() - plan.work.plannedAt > PLAN_STALE_MS;
    if (stale || (await stateOfIndex(plan.work.shadow)) !== plan.work.indexState)
      plan = await planSnapshot(fresh);
    try {
      return await write(plan, { signal, onProgress });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof UserError) throw error;
      // A file came or went under the scan, or the private repository is damaged: once more, from nothing.
      await plan.work.shadow.discard();
      try {
        return await write(await planSnapshot(fresh), { signal, onProgress });
      } catch (second) {
        signal?.throwIfAborted();
        throw second instanceof Error ? second : error;
      }
    }
  });
}

async function write(plan: SnapshotPlan, options: WriteOptions): Promise<WrittenSnapshot> {
  const staging = await Staging.begin(plan.work.shadow);
  try {
    return await writeWith(staging, plan, options);
  } finally {
    await staging.end();
  }
}

async function writeWith(
  staging: Staging,
  plan: SnapshotPlan,
  { signal, onProgress }: WriteOptions,
): Promise<WrittenSnapshot> {
  const { places, repository } = plan.work;
  const takenAt = Date.now();
  const leftOut = [...plan.leftOut];
  const notes = [...plan.notes];
  let { files, bytes } = plan;
  await staging.remove(plan.work.remove, signal);
  const onRead = onProgress && counter(plan, onProgress);
  const stageOptions = { sizes: plan.entries, onRead, signal };
  const failed = await stage(plan, staging, stageOptions);
  for (const { name, reason } of failed) leftOut.push({ path: displayPath(name), reason, bytes: null });
  const settled = await settleChanged(plan, staging, stageOptions);
  notes.push(...settled.notes);
  if (failed.length > 0 || settled.changed) {
    const entries = await staging.entries();
    files = entries.length;
    bytes = entries.reduce((sum, entry) => sum + wholeSize(entry.bytes, plan.entries.get(entry.path)), 0);
  }
  const tree = await staging.writeTree(signal);
  await staging.commit();
  await changeMemory(places.memory, plan.root, (memory) => {
    memory.nested = plan.work.nested;
    memory.ignoreKey = plan.work.ignoreKey;
    memory.tracked = plan.work.tracked;
    memory.huge = Object.fromEntries([...plan.entries].filter(([, size]) => size >= HUGE_BYTES));
  });
  const describe = async (): Promise<SnapshotInfo> => {
    const head = repository?.head ?? null;
    const modified = head !== null && head.tree !== tree && (await isModified(plan, head.tree, tree, signal));
    return {
      tree,
      files,
      bytes,
      takenAt,
      root: plan.root,
      head: head ? { commit: head.commit, branch: head.branch, modified } : null,
      linked: plan.linked,
      leftOut: bounded(leftOut),
    };
  };
  const info = describe();
  info.catch(() => undefined);
  return { tree, info, notes, plan };
}

/** What git reads beside the files (its index, names) counts too, so it may pass the total by a little. */
function counter(
  plan: SnapshotPlan,
  onProgress: (bytes: number, totalBytes: number) => void,
): (bytes: number) => void {
  const total = plan.work.stage.reduce((sum, name) => sum + (plan.entries.get(name) ?? 0), 0);
  let done = 0;
  return (bytes) => {
    done = Math.min(total, done + bytes);
    onProgress(done, total);
  };
}

function bounded(leftOut: readonly LeftOutPath[]): LeftOutPath[] {
  const beyond = leftOut.length - MOST_LISTED;
  if (beyond <= 0) return [...leftOut];
  return [...leftOut.slice(0, MOST_LISTED), { path: "...", reason: `and ${beyond} more`, bytes: null }];
}

/** @returns the files that git could not take, with its words */
async function stage(
  plan: SnapshotPlan,
  staging: Staging,
  options: StageOptions,
): Promise<{ name: string; reason: string }[]> {
  let paths = plan.work.stage;
  const failed: { name: string; reason: string }[] = [];
  while (paths.length > 0) {
    const result = await staging.stage(paths, options);
    if (result.code === 0) break;
    const bad = /^fatal: Unable to process path (.*)$/m.exec(result.stderr)?.[1];
    const name = paths.find((candidate) => displayPath(candidate) === bad);
    if (name === undefined || failed.length >= MOST_UNREADABLE)
      throw new Error(`The snapshot could not be taken: ${result.stderr.trim()}`);
    failed.push({ name, reason: `cannot be read: ${firstError(result.stderr)}` });
    paths = paths.filter((candidate) => candidate !== name);
    await staging.remove([name], options.signal);
  }
  return failed;
}

function firstError(stderr: string): string {
  return /^error: (.*)$/m.exec(stderr)?.[1] ?? stderr.trim();
}

/** Files that changed while they were read are read once more; what still changes is said. */
async function settleChanged(
  plan: SnapshotPlan,
  staging: Staging,
  options: StageOptions,
): Promise<{ changed: boolean; notes: string[] }> {
  const { seen } = plan.work;
  const changedSince = async (): Promise<string[]> => {
    const changed: string[] = [];
    for (const now of await lookAtAll(plan.root, [...seen.keys()])) {
      if (now.state === seen.get(now.name)) continue;
      changed.push(now.name);
      if (now.state === null) seen.delete(now.name);
      else seen.set(now.name, now.state);
    }
    return changed;
  };
  const first = await changedSince();
  if (first.length === 0) return { changed: false, notes: [] };
  await staging.stage(first, options);
  const still = (await changedSince()).map(displayPath);
  return {
    changed: true,
    notes: still.map(
      (name) => `${name} changed while it was read; the snapshot has it as it was in between.`,
    ),
  };
}

async function isModified(
  plan: SnapshotPlan,
  head: string,
  tree: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { shadow, repository } = plan.work;
  if (!repository) return false;
  const objects = await objectsOf(repository.gitDirectory);
  const notCheckedOut = await listNotCheckedOut(repository, signal);
  const compared = await shadow.compare(head, tree, objects, signal);
  const changes = compared.filter((one) => one.status !== "D" || !notCheckedOut.has(one.path));
  if (changes.length === 0) return false;
  if (changes.length > MOST_COMPARED || changes.some(({ status }) => status !== "M")) return true;
  const paths = changes.map(({ path: name }) => displayPath(name));
  return differsFromHead(
    repository,
    paths,
    path.join(shadow.folder, `person.${randomBytes(4).toString("hex")}.index`),
    signal,
  );
}

/** The object folder; a linked worktree's is in the main repository (`commondir`). */
async function objectsOf(gitDirectory: string): Promise<string> {
  const own = path.join(gitDirectory, "objects");
  return access(own).then(
    () => own,
    () => path.join(gitDirectory, "..", "..", "objects"),
  );
}
