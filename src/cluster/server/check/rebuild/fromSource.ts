/** Rows of a backup, or of what can be read of a damaged database, that the database lacks. */
import { existsSync } from "node:fs";
import path from "node:path";
import { Run } from "../../../protocol/entities.ts";
import type { Database, Row } from "../../store/database.ts";
import { parsed, TABLES, type TableName } from "../poolTables.ts";
import type { Source } from "./sources.ts";

const TABLE_NAMES = Object.keys(TABLES) as TableName[];

/** @param touched trials whose rows were added @returns how many rows were added */
export function copyRows(
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
