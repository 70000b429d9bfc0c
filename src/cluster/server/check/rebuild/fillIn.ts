/**
 * Adds to the database what it lacks and others know: backups, the folders of runs, the manifests of checkpoints. What it
 * has stays as it is. A trial that was still going is left at its last run, with its curves to be read anew: the next server
 * takes in what that run reported and how it ended, as after any restart.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Uuid } from "../../../protocol/base.ts";
import { Experiment, Run, RunId, Trial } from "../../../protocol/entities.ts";
import { readCheckpoint, readManifest } from "../../experiments/checkpoints.ts";
import type { Database, Row } from "../../store/database.ts";
import type { ExperimentRecord, RunRecord, TrialRecord } from "../../store/records.ts";
import type { Checking } from "../finding.ts";
import { namesIn } from "../folders.ts";
import { json, parsed, TABLES, type TableName } from "../poolTables.ts";
import { ExperimentOwn, TrialOwn } from "../rowSchemas.ts";
import { atRun, experimentRecord, runRecord, type SeenRun, seeRun, trialRecord } from "./fromRuns.ts";
import { settleCheckpoints, settleExperiment } from "./settle.ts";
import { backupFiles, openBackup, type Source } from "./sources.ts";

/** Null: everything. */
export type Scope =
  null | { experimentId: number } | { table: TableName; id: string } | { checkpoint: string };

const TABLE_NAMES = Object.keys(TABLES) as TableName[];

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

/** @param touched trials whose rows were added @returns how many rows were added */
function copyRows(
  home: string,
  database: Database,
  source: Source,
  isWanted: (experimentId: number) => boolean,
  touched: Set<string>,
  restored: Map<number, ReadonlySet<string>>,
): number {
  const runs = source.rows("runs");
  const gone = source.isBackup ? deletedSince(home, runs) : new Set<number>();
  let added = 0;
  const insert = (table: string, row: Row): void => {
    const { rowid_: _, ...values } = row;
    const names = Object.keys(values);
    const sql = `INSERT OR IGNORE INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`;
    added += database.run(sql, ...(Object.values(values) as (string | number | null)[])).changes;
  };
  database.transaction(() => {
    for (const table of TABLE_NAMES)
      for (const row of table === "runs" ? runs : source.rows(table)) {
        const id = String(row[TABLES[table].id]);
        const { body, own } = TABLES[table];
        if (parsed<unknown>(body, row.body) === null) continue;
        if (own !== null && parsed<unknown>(own, row.own) === null) continue;
        const experimentId = Number(row.experiment_id ?? id.split(".")[0]);
        if (!isWanted(experimentId) || gone.has(experimentId)) continue;
        if (!hasParent(database, table, row) || !hasFiles(home, table, id, row)) continue;
        const before = added;
        insert(table, row);
        if (added === before) continue;
        if (table === "experiments" && source.isBackup) restored.set(experimentId, trialsIn(source));
        if (table === "trials") touched.add(id);
        if (table === "runs" || table === "checkpoints") touched.add(String(row.trial_id));
      }
    const known = new Set(database.all("SELECT id FROM experiments").map(({ id }) => Number(id)));
    if (added > 0)
      for (const table of ["submissions", "decisions"]) {
        if (table === "decisions" && database.get("SELECT 1 FROM decisions LIMIT 1") !== undefined) continue;
        for (const row of source.rows(table)) if (known.has(Number(row.experiment_id))) insert(table, row);
      }
    // Only what was still to be removed a moment ago: a backup may be of before it was written again.
    if (!source.isBackup) for (const row of source.rows("deletions")) insert("deletions", row);
    const [pool] = source.rows("pool");
    if (pool !== undefined && database.get("SELECT 1 FROM pool") === undefined) insert("pool", pool);
  });
  return added;
}

const trialsIn = (source: Source): Set<string> => new Set(source.rows("trials").map(({ id }) => String(id)));

/** Experiments that had run when the backup was made, and of whose runs nothing is there: they were deleted since. */
function deletedSince(home: string, runs: readonly Row[]): Set<number> {
  const had = new Set<number>();
  const has = new Set<number>();
  for (const { id } of runs) {
    const experimentId = Number(String(id).split(".")[0]);
    had.add(experimentId);
    if (existsSync(path.join(home, "runs", String(id)))) has.add(experimentId);
  }
  return new Set([...had].filter((id) => !has.has(id)));
}

function hasParent(database: Database, table: TableName, row: Row): boolean {
  switch (table) {
    case "experiments":
      return true;
    case "runs":
      return database.get("SELECT 1 FROM trials WHERE id = ?", String(row.trial_id)) !== undefined;
    case "trials":
    case "checkpoints":
      return database.get("SELECT 1 FROM experiments WHERE id = ?", Number(row.experiment_id)) !== undefined;
  }
}

/** What has gone from the disk since is not listed again. */
function hasFiles(home: string, table: TableName, id: string, row: Row): boolean {
  if (table === "checkpoints") return existsSync(path.join(home, "checkpoints", id, "manifest.json"));
  if (table !== "runs" || existsSync(path.join(home, "runs", id))) return true;
  const outcome = parsed(Run, row.body)?.outcome;
  return outcome === "unstarted" || outcome === "lost";
}

/** Runs of which there is a folder and something lacks: their row, or their trial's or experiment's. By experiment. */
async function unknownRuns(
  home: string,
  database: Database,
  isWanted: (experimentId: number) => boolean,
): Promise<Map<number, SeenRun[]>> {
  const seen = new Map<number, SeenRun[]>();
  for (const name of namesIn(path.join(home, "runs"))) {
    const experimentId = Number(name.split(".")[0]);
    if (!RunId.safeParse(name).success || !isWanted(experimentId)) continue;
    const known = database.get(
      `SELECT 1 FROM runs r JOIN trials t ON t.id = r.trial_id JOIN experiments e ON e.id = t.experiment_id
       WHERE r.id = ?`,
      name,
    );
    if (known !== undefined) continue;
    const run = await seeRun(home, name);
    if (run !== null) seen.set(experimentId, [...(seen.get(experimentId) ?? []), run]);
  }
  return seen;
}

function addRuns(
  home: string,
  database: Database,
  experimentId: number,
  runs: SeenRun[],
  touched: Set<string>,
): void {
  let experiment = readExperiment(database, experimentId);
  if (experiment === null) {
    experiment = experimentRecord(experimentId, runs, (tree) => sizeOf(home, tree));
    if (experiment === null) return;
    putExperiment(database, experiment);
  }
  const trials = Map.groupBy(runs, ({ spec }) => spec.trial);
  for (const [trialId, attempts] of trials) {
    attempts.sort((a, b) => a.spec.attempt - b.spec.attempt);
    const [first, last] = [attempts[0], attempts.at(-1)];
    if (first === undefined || last === undefined) continue;
    touched.add(trialId);
    const known = readTrial(database, trialId);
    const trial = known ?? trialRecord(experiment, last, first.beganAt);
    const isAhead = known === null || last.spec.attempt > known.trial.attempts;
    if (isAhead) {
      endCurrent(database, trial);
      atRun(trial, last);
    }
    putTrial(database, trial);
    for (const run of attempts) {
      const isCurrent = isAhead && run === last;
      if (isCurrent) database.run("DELETE FROM runs WHERE id = ?", run.spec.run);
      putRun(database, runRecord(run, isCurrent));
    }
  }
}

/** A search as it was at a backup would make the trials that came since a second time. @param known the backup's trials */
function endOldSearch(database: Database, experimentId: number, known: ReadonlySet<string>): void {
  const trials = database.all("SELECT id FROM trials WHERE experiment_id = ?", experimentId);
  const experiment = readExperiment(database, experimentId);
  if (experiment === null || experiment.own.held === "ended") return;
  if (trials.every(({ id }) => known.has(String(id)))) return;
  experiment.own.held = "ended";
  experiment.experiment.warnings = [...experiment.experiment.warnings, SEARCH_ENDED];
  putExperiment(database, experiment);
}

const SEARCH_ENDED =
  "Its search was ended when the pool's database was rebuilt: the backup did not know all of its trials.";

/** A run that the trial was at, and is not any more. */
function endCurrent(database: Database, { trial }: TrialRecord): void {
  if (trial.currentRun === null) return;
  database.run(
    "UPDATE runs SET ended = 1, body = json_set(body, '$.outcome', 'lost') WHERE id = ? AND ended = 0",
    trial.currentRun,
  );
}

async function addCheckpoints(
  home: string,
  database: Database,
  isWanted: (experimentId: number) => boolean,
  touched: Set<string>,
): Promise<void> {
  const folder = path.join(home, "checkpoints");
  for (const uuid of namesIn(folder)) {
    if (!Uuid.safeParse(uuid).success) continue;
    if (database.get("SELECT 1 FROM checkpoints WHERE uuid = ?", uuid) !== undefined) continue;
    const manifest = await readManifest(folder, uuid).catch(() => null);
    if (manifest === null || !isWanted(Number(manifest.trial.split(".")[0]))) continue;
    const run = parsed(Run, database.get("SELECT body FROM runs WHERE id = ?", manifest.run)?.body);
    if (run === null) continue;
    const read = await readCheckpoint(folder, uuid, run);
    if ("problem" in read) continue;
    const { experimentId, trialId, step, createdAt } = read.checkpoint;
    database.run(
      "INSERT OR IGNORE INTO checkpoints (uuid, experiment_id, trial_id, step, created_at, body) VALUES (?, ?, ?, ?, ?, ?)",
      uuid,
      experimentId,
      trialId,
      step,
      createdAt,
      JSON.stringify(read.checkpoint),
    );
    touched.add(trialId);
  }
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

function sizeOf(home: string, tree: string): { files: number; bytes: number } {
  try {
    const size = JSON.parse(readFileSync(path.join(home, "trees", `${tree}.json`), "utf8")) as Record<
      string,
      unknown
    >;
    return { files: Number(size.files) || 0, bytes: Number(size.bytes) || 0 };
  } catch {
    return { files: 0, bytes: 0 };
  }
}

function readExperiment(database: Database, id: number): ExperimentRecord | null {
  const row = database.get("SELECT body, own FROM experiments WHERE id = ?", id);
  const experiment = parsed(Experiment, row?.body);
  if (experiment === null || parsed(ExperimentOwn, row?.own) === null) return null;
  return { experiment, own: json(row?.own) as ExperimentRecord["own"] };
}

function readTrial(database: Database, id: string): TrialRecord | null {
  const row = database.get("SELECT body, own FROM trials WHERE id = ?", id);
  const trial = parsed(Trial, row?.body);
  if (trial === null || parsed(TrialOwn, row?.own) === null) return null;
  return { trial, own: json(row?.own) as TrialRecord["own"] };
}

function putExperiment(database: Database, { experiment, own }: ExperimentRecord): void {
  database.run(
    `INSERT INTO experiments (id, state, body, own) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body, own = excluded.own`,
    experiment.id,
    experiment.state,
    JSON.stringify(experiment),
    JSON.stringify(own),
  );
}

function putTrial(database: Database, { trial, own }: TrialRecord): void {
  database.run(
    `INSERT INTO trials (id, experiment_id, number, state, queued_at, body, own) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body, own = excluded.own`,
    trial.id,
    trial.experimentId,
    trial.number,
    trial.state,
    own.queuedAt,
    JSON.stringify(trial),
    JSON.stringify(own),
  );
}

function putRun(database: Database, { run, own }: RunRecord): void {
  database.run(
    "INSERT OR IGNORE INTO runs (id, trial_id, attempt, ended, tidy, body, own) VALUES (?, ?, ?, ?, ?, ?, ?)",
    run.id,
    run.trialId,
    run.attempt,
    run.outcome === null ? 0 : 1,
    own.tidy ? 1 : 0,
    JSON.stringify(run),
    JSON.stringify(own),
  );
}
