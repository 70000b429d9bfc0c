/**
 * Adds to the database what it lacks and others know: backups, the folders of runs, the manifests of checkpoints. What it
 * has stays as it is. A trial that was still going is left at its last run, with its curves to be read anew: the next server
 * takes in what that run reported and how it ended, as after any restart.
 */
import path from "node:path";
import { readManifest } from "../../experiments/checkpoints.ts";
import type { Database } from "../../store/database.ts";
import type { Checking } from "../finding.ts";
import { namesIn } from "../folders.ts";
import type { TableName } from "../poolTables.ts";
import { addCheckpoints } from "./addCheckpoints.ts";
import { addRuns, endOldSearch, unknownRuns } from "./addRuns.ts";
import { copyRows } from "./fromSource.ts";
import { settleCheckpoints, settleExperiment } from "./settle.ts";
import { backupFiles, openBackup, type Source } from "./sources.ts";

/** Null: everything. */
export type Scope =
  null | { experimentId: number } | { table: TableName; id: string } | { checkpoint: string };

/** @param salvaged what can be read of the database that this one replaces @returns names of what rows were taken from */
export async function fillIn(
  checking: Checking,
  database: Database,
  scope: Scope,
  salvaged: Source | null = null,
): Promise<string[]> {
  const { home, version } = checking;
  const only = await experimentOf(home, scope);
  const isWanted = (id: number): boolean => only === null || only === id;
  const used: string[] = [];
  const touched = new Set<string>();
  const sources: (() => Source | null)[] = [
    () => salvaged,
    ...backupFiles(home).map((backup) => () => openBackup(backup, version)),
  ];
  const restored = new Map<number, ReadonlySet<string>>();
  for (const open of sources) {
    const source = open();
    if (source === null) continue;
    try {
      if (copyRows(home, database, source, isWanted, touched, restored) > 0) used.push(source.name);
    } finally {
      if (source !== salvaged) source.close();
    }
  }
  const seen = await unknownRuns(home, database, isWanted);
  if (seen.size > 0) used.push("the folders of runs");
  database.transaction(() => {
    for (const [experimentId, runs] of seen) addRuns(home, database, experimentId, runs, touched);
    for (const [experimentId, known] of restored) endOldSearch(database, experimentId, known);
  });
  await addCheckpoints(home, database, isWanted, touched);
  database.transaction(() => {
    for (const trialId of touched) settleCheckpoints(database, trialId);
    for (const id of new Set([...touched].map((trialId) => Number(trialId.split(".")[0]))))
      settleExperiment(database, id);
  });
  replayCurves(checking, database, touched);
  return used;
}

async function experimentOf(home: string, scope: Scope): Promise<number | null> {
  if (scope === null) return null;
  if ("experimentId" in scope) return scope.experimentId;
  const uuid = "checkpoint" in scope ? scope.checkpoint : scope.table === "checkpoints" ? scope.id : null;
  if (uuid === null && "id" in scope) return Number(scope.id.split(".")[0]);
  const manifest = await readManifest(path.join(home, "checkpoints"), uuid ?? "").catch(() => null);
  return manifest === null ? null : Number(manifest.trial.split(".")[0]);
}

/** The curves of what is still at a run are read anew by the next server, and with them everything else that it reported. */
function replayCurves(
  { home, lostAndFound }: Checking,
  database: Database,
  touched: ReadonlySet<string>,
): void {
  const folder = path.join("state", "curves");
  for (const name of namesIn(path.join(home, folder))) {
    const [runId] = /^\d+\.\d+\.\d+/.exec(name) ?? [];
    if (runId === undefined || !touched.has(runId.slice(0, runId.lastIndexOf(".")))) continue;
    const row = database.get("SELECT ended FROM runs WHERE id = ?", runId);
    if (row?.ended === 0) lostAndFound.take(path.join(folder, name));
  }
}
