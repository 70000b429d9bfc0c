/**
 * A copy of a whole pool that is a pool itself, made beside its server. First the database at one moment, then the files that
 * its rows name: those are written before their rows, so they are there. On one file system what nobody writes any more is
 * cloned or linked. Left out is what can be made again (built trees, environments) and what must not leave (secrets).
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { BackupReport } from "../../protocol/maintenance.ts";
import { CallError } from "../callError.ts";
import { createBreath } from "../check/breath.ts";
import { checkPool, type CheckOptions } from "../check/checkPool.ts";
import { problemOf } from "../check/checkers/checkpoints.ts";
import { namesIn } from "../check/folders.ts";
import { type PoolTables, readTables, type RunRow } from "../check/poolTables.ts";
import { readCurvesAnew, silent } from "../check/rebuild/curves.ts";
import { blackenRun } from "../experiments/blacken.ts";
import { createCurveStore } from "../store/curves/curveStore.ts";
import { openDatabase, openReadOnly } from "../store/database.ts";
import { backUpDatabase } from "../store/databaseBackup.ts";
import { explained } from "../store/databaseError.ts";
import { createSecretStore } from "../store/secrets.ts";
import { readWorkFile, writeWorkFile } from "../trees/workFile.ts";
import { mark, requireFreeOrOurs } from "./marker.ts";
import { mirror, type Tally } from "./mirror.ts";
import { dropDeleted, pauseAll } from "./settle.ts";
import { copySnapshots } from "./snapshots.ts";

/** Of `state/`: what is one server's own, what is copied otherwise, and what stays secret. */
const NOT_COPIED =
  /^(pool\.sqlite|lock|server\.log|secrets$|backups$|lost\+found$|curves$|room-|was-backup)|\.tmp$/;
/** Of a run: what its writers need only while they write. */
const HIDDEN = /^\.[^/]*$/;
const DERIVED = /(^|\/)__pycache__$/;

/** @param folder made when it is missing @throws CallError, or the signal's reason; what is there then is gone on from */
export async function backUpPool(options: CheckOptions, folder: string): Promise<BackupReport> {
  const began = Date.now();
  const { home, version, signal, progress } = options;
  const target = prepare(home, folder);
  const live = openReadOnly(path.join(home, "state", "pool.sqlite"), version);
  try {
    const pool = String(live.get("SELECT id FROM pool")?.id);
    requireFreeOrOurs(target, pool);
    mark(target, { pool, from: home, isWhole: false });
    for (const name of ["state", "state/curves", "runs", "checkpoints"])
      mkdirSync(path.join(target, name), { recursive: true, mode: 0o700 });
    progress("Copying the database", 0);
    const file = path.join(target, "state", "pool.sqlite");
    for (const end of ["-wal", "-shm"]) rmSync(file + end, { force: true });
    backUpDatabase((copy) => void live.run("VACUUM INTO ?", copy), file);
    const database = openDatabase(file, version);
    const tally: Tally = { copiedBytes: 0, linkedBytes: 0, keptBytes: 0 };
    const copying = { home, target, tally, options };
    try {
      const tables = readTables(database);
      await copyFiles(copying, tables);
      signal.throwIfAborted();
      dropDeleted(database, live);
      const living = pauseAll(database);
      removeUnknown(target, tables);
      await readLivingAnew(target, tables.runs(), living, signal);
    } finally {
      database.close();
    }
    const counts = await verify(copying);
    progress("Writing it to the disk", null);
    await promisify(execFile)("sync", ["-f", target]).catch(() => undefined);
    mark(target, { pool, from: home, isWhole: true });
    return { folder: target, counts, ...tally, seconds: (Date.now() - began) / 1000 };
  } catch (error) {
    throw explained(error, path.join(home, "state", "pool.sqlite"));
  } finally {
    live.close();
  }
}

const never = (): boolean => false;

interface Copying {
  home: string;
  target: string;
  tally: Tally;
  options: CheckOptions;
}

/**
 * Not `recursive: true`: on a file system that answers ENOENT to mkdir (/proc) Node would try again without end.
 * @returns the first folder that was missing; null when all were there
 */
function makeFolder(folder: string): string | null {
  if (existsSync(folder)) return null;
  const parent = path.dirname(folder);
  const above = parent === folder ? null : makeFolder(parent);
  mkdirSync(folder, { mode: 0o700 });
  return above ?? folder;
}

/** @returns the real path @throws CallError for a folder in the pool, or that the pool is in */
function prepare(home: string, folder: string): string {
  let made: string | null;
  try {
    made = makeFolder(folder);
  } catch (error) {
    throw new CallError(
      "refused",
      `The folder ${folder} cannot be made: ${(error as Error).message}.`,
      "Name another one.",
    );
  }
  const target = realpathSync(folder);
  const isIn = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}/`);
  if (isIn(target, home) || isIn(home, target)) {
    if (made !== null) rmSync(made, { recursive: true });
    throw new CallError(
      "refused",
      `The backup ${target} and the pool ${home} lie in each other.`,
      "Name a folder elsewhere.",
    );
  }
  return target;
}

async function copyFiles({ home, target, tally, options }: Copying, tables: PoolTables): Promise<void> {
  const { signal, progress } = options;
  const common = { tally, signal };
  const checkpoints = [...new Set([...tables.ids("checkpoints"), ...tables.needed().checkpoints])];
  const runs = tables.runs();
  const total = checkpoints.length + runs.length + 2;
  let done = 0;
  const next = (text: string) => progress(text, done++ / total);
  next("Copying snapshots");
  await copySnapshots(home, target, [...tables.needed().trees.keys()], common);
  for (const [index, uuid] of checkpoints.entries()) {
    next(`Copying checkpoint ${index + 1} of ${checkpoints.length}`);
    const [from, to] = [path.join(home, "checkpoints", uuid), path.join(target, "checkpoints", uuid)];
    const before = tally.copiedBytes;
    // Root writes into read-only files: a script that did so would change the copy, too.
    await mirror(from, to, {
      ...common,
      mayLink: () => process.getuid?.() !== 0,
      wants: (name) => !name.endsWith(".tmp"),
    });
    // What was read and written is read again; a link or a clone is the same file.
    if (tally.copiedBytes === before || !existsSync(path.join(to, "manifest.json"))) continue;
    const checking = { full: true, verified: new Set<string>(), signal };
    const problem = await problemOf(path.join(target, "checkpoints"), uuid, checking, () => undefined);
    if (
      problem !== null &&
      (await problemOf(path.join(home, "checkpoints"), uuid, checking, () => undefined)) === null
    )
      throw new CallError(
        "unavailable",
        `The copy of checkpoint ${uuid} is not right: ${problem}.`,
        "Look at the disk of the backup, and try again.",
      );
  }
  const secrets = createSecretStore(path.join(home, "state", "secrets"));
  const withSecrets = new Set(secrets.list());
  for (const [index, run] of runs.entries()) {
    next(`Copying run ${index + 1} of ${runs.length}`);
    const experimentId = Number(run.trialId.split(".")[0]);
    const isSecret = withSecrets.has(experimentId);
    await copyRun({ home, target, tally, options }, run, !isSecret);
    if (isSecret) await blackenRun(path.join(target, "runs", run.id), secrets.read(experimentId));
  }
  next("Copying curves");
  await mirror(path.join(home, "state", "curves"), path.join(target, "state", "curves"), {
    ...common,
    mayLink: never,
  });
  for (const name of namesIn(path.join(home, "state"))) {
    const from = path.join(home, "state", name);
    if (NOT_COPIED.test(name) || !statSync(from, { throwIfNoEntry: false })?.isFile()) continue;
    await mirror(from, path.join(target, "state", name), { ...common, mayLink: never });
  }
}

/** Of a working tree that is still whole only what the run wrote: the rest is its snapshot. */
async function copyRun(
  { home, target, tally, options }: Copying,
  run: RunRow,
  mayLink: boolean,
): Promise<void> {
  const [from, to] = [path.join(home, "runs", run.id), path.join(target, "runs", run.id)];
  const work = await readWorkFile(path.join(from, "work"));
  const isWhole = work !== null && !work.pruned;
  await mirror(from, to, {
    tally,
    signal: options.signal,
    // What the script wrote is the person's, who may write into it.
    mayLink: (name) => mayLink && run.hasEnded && !isWhole && !name.startsWith("work/"),
    wants: (name, stat) => {
      if (HIDDEN.test(name) || DERIVED.test(name)) return false;
      if (!isWhole || !name.startsWith("work/") || stat.isDirectory()) return true;
      // Links are ours, or the snapshot's. Nothing but the script touches a file after it was made.
      return stat.isFile() && stat.ctimeMs > work.builtAtMs;
    },
  });
  if (isWhole && existsSync(to)) {
    const { builtAtMs: _, ...kept } = work;
    await writeWorkFile(path.join(to, "work"), { ...kept, pruned: true });
  }
}

/** What an earlier backup had, and this one has no row of. */
function removeUnknown(target: string, tables: PoolTables): void {
  const trials = tables.ids("trials");
  const keep = (folder: string, isKept: (name: string) => boolean): void => {
    for (const name of namesIn(path.join(target, folder)))
      if (!isKept(name)) rmSync(path.join(target, folder, name), { recursive: true, force: true });
  };
  const [runs, checkpoints] = [tables.ids("runs"), tables.ids("checkpoints")];
  const { checkpoints: needed } = tables.needed();
  keep("runs", (name) => runs.has(name));
  keep("checkpoints", (name) => checkpoints.has(name) || needed.has(name));
  keep("state/curves", (name) => trials.has(/^\d+\.\d+/.exec(name)?.[0] ?? ""));
  for (const name of ["trees", "environments", "server", "runtime"])
    rmSync(path.join(target, name), { recursive: true, force: true });
}

/** Their events were copied after their curves, and no server reads on in what has ended. */
async function readLivingAnew(
  target: string,
  runs: readonly RunRow[],
  living: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const folder = path.join(target, "state", "curves");
  for (const trialId of living) {
    for (const name of namesIn(folder)) if (name.startsWith(`${trialId}.`)) rmSync(path.join(folder, name));
    const store = createCurveStore(folder, silent);
    await readCurvesAnew(
      path.join(target, "runs"),
      store,
      runs.filter((run) => run.trialId === trialId),
      createBreath(signal),
    );
    store.close();
  }
}

/** As any pool is checked. What was wrong before is wrong in the copy, and is no fault of it. */
async function verify({ home, target, options }: Copying): Promise<BackupReport["counts"]> {
  options.progress("Verifying", null);
  const quiet = { ...options, full: false, progress: () => undefined };
  const { counts, findings } = await checkPool({ ...quiet, home: target, isServed: false });
  if (findings.length === 0) return counts;
  const { findings: before } = await checkPool({ ...quiet, home });
  const known = new Set(before.map(({ what }) => what));
  const fresh = findings.find(({ what }) => !known.has(what));
  if (fresh === undefined) return counts;
  throw new CallError(
    "unavailable",
    `The backup is not right: ${fresh.what} (${fresh.where})`,
    "Try again: it goes on from what is there. See also: trainyard pool check.",
  );
}
