/**
 * Checks a pool folder, and repairs it. Looking changes nothing and works beside a server: whatever is found is looked for a
 * second time, since a live pool changes meanwhile. Repairing wants the folder for itself (maintenance.ts takes its lock).
 */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CheckReport, Counts, Finding } from "../../protocol/maintenance.ts";
import { messageOf } from "../errors.ts";
import { type Database, openDatabase, openReadOnly } from "../store/database.ts";
import { explained, isDamage } from "../store/databaseError.ts";
import { createBreath } from "./breath.ts";
import { checkpointsChecker } from "./checkers/checkpoints.ts";
import { curvesChecker } from "./checkers/curves.ts";
import { leasesChecker } from "./checkers/leases.ts";
import { leftoversChecker } from "./checkers/leftovers.ts";
import { permissionsChecker } from "./checkers/permissions.ts";
import { runsChecker } from "./checkers/runs.ts";
import { secretsChecker } from "./checkers/secrets.ts";
import { snapshotsChecker } from "./checkers/snapshots.ts";
import { damageIn, rowsChecker } from "./checkers/tables.ts";
import type { Checker, Checking, Found } from "./finding.ts";
import { look } from "./folders.ts";
import { createLostAndFound } from "./lostAndFound.ts";
import { type PoolTables, readTables } from "./poolTables.ts";
import { isLost, needsRebuilding } from "./rebuild/rebuildDatabase.ts";

/** By what they stand on: what one puts right, the next ones find right. */
const CHECKERS: readonly Checker[] = [
  permissionsChecker,
  rowsChecker,
  runsChecker,
  snapshotsChecker,
  checkpointsChecker,
  curvesChecker,
  secretsChecker,
  leasesChecker,
  leftoversChecker,
];
/** A live pool has done by then what it was at. */
const SECOND_LOOK_MS = 2000;
/** Repairing one thing may show another. */
const MOST_ROUNDS = 4;

export interface CheckOptions extends Omit<Checking, "lostAndFound" | "verified" | "breathe" | "progress"> {
  /** `fraction`: of the whole. */
  progress: (text: string, fraction: number | null) => void;
}

/** @throws CallError where it cannot be checked, or the signal's reason */
export async function checkPool(options: CheckOptions): Promise<CheckReport> {
  return examine(options, async (checking) => {
    const first = await lookAll(checking, options.progress, CHECKERS, openForLooking);
    if (first.found.length === 0 || !options.isServed) return { ...first, repaired: [] };
    options.progress("Looking again at what was found", null);
    await sleep(SECOND_LOOK_MS, undefined, { signal: options.signal });
    const again = CHECKERS.filter(({ name }) => first.found.some(({ check }) => check === name));
    const second = await lookAll(checking, options.progress, again, openForLooking);
    const seen = new Set(first.found.map(nameOf));
    return {
      counts: second.counts,
      found: second.found.filter((each) => seen.has(nameOf(each))),
      repaired: [],
    };
  });
}

/** With the pool's lock held. @throws as checkPool does */
export async function repairPool(options: CheckOptions): Promise<CheckReport> {
  return examine(options, async (checking) => {
    const repaired: CheckReport["repaired"] = [];
    const failed = new Map<string, string>();
    for (let round = 0; ; round++) {
      const { counts, found } = await lookAll(
        checking,
        options.progress,
        CHECKERS,
        openForRepair,
        async (each) => {
          if (each.mend === null || failed.has(nameOf(each)) || round >= MOST_ROUNDS) return;
          options.signal.throwIfAborted();
          options.progress(each.repair ?? "Repairing", null);
          try {
            repaired.push({ ...plain(each), done: await each.mend() });
          } catch (error) {
            failed.set(nameOf(each), messageOf(error));
          }
        },
      );
      const isDone = found.every((each) => each.mend === null || failed.has(nameOf(each)));
      if (!isDone && round < MOST_ROUNDS) continue;
      if (repaired.length > 0) forgetEvents(checking);
      const left = found.map((each) => {
        const why = failed.get(nameOf(each));
        return why === undefined ? each : { ...each, what: `${each.what} It could not be repaired: ${why}.` };
      });
      return { counts, found: left, repaired };
    }
  });
}

/** Of what was repaired there are no events: who asks for those after the last one that it has gets everything anew. */
function forgetEvents(checking: Checking): void {
  const database = openIfThere(checking, openForRepair);
  database?.transaction(() => {
    database.run("DELETE FROM events");
    database.run("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'events'");
  });
  database?.close();
}

async function examine(
  options: CheckOptions,
  work: (checking: Checking) => Promise<Pick<CheckReport, "counts" | "repaired"> & { found: Found[] }>,
): Promise<CheckReport> {
  const { home, full } = options;
  const lostAndFound = createLostAndFound(home);
  const checking = {
    ...options,
    lostAndFound,
    verified: new Set<string>(),
    breathe: createBreath(options.signal),
    progress: () => undefined,
  };
  const { counts, found, repaired } = await work(checking);
  return {
    home,
    full,
    counts,
    findings: found.map(plain),
    repaired,
    lostAndFound: lostAndFound.folder(),
    hasStopped: false,
  };
}

const NOTHING: Counts = { experiments: 0, trials: 0, runs: 0, checkpoints: 0 };

async function lookAll(
  checking: Checking,
  progress: CheckOptions["progress"],
  checkers: readonly Checker[],
  open: (checking: Checking) => Database,
  onFound?: (found: Found) => Promise<void>,
): Promise<{ counts: Counts; found: Found[] }> {
  const found: Found[] = [];
  const take = async (each: Found): Promise<void> => {
    found.push(each);
    await onFound?.(each);
  };
  progress("Checking the database", 0);
  const damage = damageOf(checking, open);
  if (damage !== null) await take(damage);
  const database = damage === null || onFound !== undefined ? openIfThere(checking, open) : null;
  const tables: PoolTables | null = database === null ? null : readTables(database);
  try {
    for (const [index, checker] of checkers.entries()) {
      checking.signal.throwIfAborted();
      const at = (fraction: number) =>
        progress(`Checking ${checker.noun}`, (index + 1 + fraction) / (checkers.length + 1));
      at(0);
      for (const each of await checker.run({ ...checking, progress: at }, tables)) await take(each);
    }
    return { counts: tables?.counts() ?? NOTHING, found };
  } finally {
    database?.close();
  }
}

function damageOf(checking: Checking, open: (checking: Checking) => Database): Found | null {
  if (isLost(checking.home))
    return needsRebuilding(checking, "The pool's database is gone, and there are runs.");
  if (!isThere(checking)) return null;
  try {
    const database = open(checking);
    try {
      const said = damageIn(readTables(database));
      return said.length === 0
        ? null
        : needsRebuilding(checking, `The pool's database is damaged: ${said.slice(0, 3).join("; ")}.`);
    } finally {
      database.close();
    }
  } catch (error) {
    const inner = isDamage(error) ? error : (error as Error).cause;
    if (isDamage(inner))
      return needsRebuilding(checking, `The pool's database is damaged: ${messageOf(inner)}.`);
    throw explained(error, fileOf(checking));
  }
}

function openIfThere(checking: Checking, open: (checking: Checking) => Database): Database | null {
  return isThere(checking) ? open(checking) : null;
}

const isThere = (checking: Checking): boolean => (look(fileOf(checking))?.size ?? 0) > 0;

const fileOf = ({ home }: Checking): string => path.join(home, "state", "pool.sqlite");
const openForLooking = (checking: Checking): Database => openReadOnly(fileOf(checking), checking.version);
const openForRepair = (checking: Checking): Database => openDatabase(fileOf(checking), checking.version);

/** What makes two findings the same one. */
const nameOf = ({ check, what, where }: Finding): string => `${check}\0${where}\0${what}`;

function plain({ check, what, where, severity, repair }: Finding): Finding {
  return { check, what, where, severity, repair };
}
