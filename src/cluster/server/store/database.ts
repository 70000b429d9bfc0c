/** Opens pool.sqlite: journal, schema, one way to write. */
import { existsSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { isLocalFileSystem } from "./fileSystem.ts";
import { MIGRATIONS } from "./migrations.ts";

export interface Database {
  /** The rows of a query. The statement is prepared once. */
  all(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[];
  get(sql: string, ...values: SQLInputValue[]): Record<string, unknown> | undefined;
  run(sql: string, ...values: SQLInputValue[]): { lastInsertRowid: number; changes: number };
  /** All or nothing. Calls within calls join the outer one. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** The file was written by a newer version. */
export class NewerSchemaError extends Error {
  override readonly name = "NewerSchemaError";
}

/**
 * @param file made when it is missing; migrated forward, after a copy `<file>.schema-<n>.bak`, when it is older
 * @param version of this server, remembered so that an older one can say what is needed
 * @throws NewerSchemaError
 */
export function openDatabase(file: string, version: string, migrations = MIGRATIONS): Database {
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON;");
    if (isLocalFileSystem(path.dirname(file)))
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    else
      database.exec(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;",
      );
    migrate(database, file, version, migrations);
  } catch (error) {
    database.close();
    throw error;
  }
  return wrap(database);
}

function migrate(database: DatabaseSync, file: string, version: string, migrations: readonly string[]): void {
  database.exec(
    "CREATE TABLE IF NOT EXISTS schema_versions (schema INTEGER PRIMARY KEY, server TEXT NOT NULL, at INTEGER NOT NULL) STRICT",
  );
  const newest = database
    .prepare("SELECT schema, server FROM schema_versions ORDER BY schema DESC LIMIT 1")
    .get();
  const schema = Number(newest?.schema ?? 0);
  if (schema > migrations.length)
    throw new NewerSchemaError(
      `${file} was last used by Trainyard ${String(newest?.server)} (schema ${schema}), this is ${version} (schema ${migrations.length}). ` +
        `Update Trainyard to ${String(newest?.server)} or later.`,
    );
  if (schema === migrations.length) return;
  if (schema > 0) backUp(database, `${file}.schema-${schema}.bak`);
  for (const [index, sql] of migrations.entries()) {
    if (index < schema) continue;
    database.exec("BEGIN IMMEDIATE");
    try {
      database.exec(sql);
      database
        .prepare("INSERT INTO schema_versions (schema, server, at) VALUES (?, ?, ?)")
        .run(index + 1, version, Date.now());
      database.exec("COMMIT");
    } catch (error) {
      database.exec("ROLLBACK");
      throw error;
    }
  }
}

/** Under its own name only when it is whole: one that was cut off must not be taken for a backup. */
function backUp(database: DatabaseSync, file: string): void {
  if (existsSync(file)) return; // of an attempt that went wrong after the backup
  rmSync(`${file}.part`, { force: true });
  database.prepare("VACUUM INTO ?").run(`${file}.part`);
  renameSync(`${file}.part`, file);
}

function wrap(database: DatabaseSync): Database {
  const statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  const prepared = (sql: string) => {
    let statement = statements.get(sql);
    if (statement === undefined) statements.set(sql, (statement = database.prepare(sql)));
    return statement;
  };
  let depth = 0;
  return {
    all: (sql, ...values) => prepared(sql).all(...values),
    get: (sql, ...values) => prepared(sql).get(...values),
    run(sql, ...values) {
      const { lastInsertRowid, changes } = prepared(sql).run(...values);
      return { lastInsertRowid: Number(lastInsertRowid), changes: Number(changes) };
    },
    transaction(work) {
      if (depth > 0) return work();
      database.exec("BEGIN IMMEDIATE");
      depth++;
      try {
        const result = work();
        database.exec("COMMIT");
        return result;
      } catch (error) {
        try {
          database.exec("ROLLBACK");
        } catch {
          // SQLite has rolled back by itself, as on a full disk
        }
        throw error;
      } finally {
        depth--;
      }
    },
    close() {
      statements.clear();
      database.close();
    },
  };
}
