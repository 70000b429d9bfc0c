/** Opens pool.sqlite: journal, schema, one way to write. */
import { chmodSync, copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { backUpDatabase } from "./databaseBackup.ts";
import { explained, needsToWrite } from "./databaseError.ts";
import { isLocalFileSystem } from "./fileSystem.ts";
import { MIGRATIONS } from "./migrations.ts";

export type Row = Record<string, unknown>;

export interface Database {
  /** The rows of a query. The statement is prepared once. */
  all(sql: string, ...values: SQLInputValue[]): Row[];
  /** The same, one after the other: a table need not be in memory as a whole. */
  each(sql: string, ...values: SQLInputValue[]): Iterable<Row>;
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  run(sql: string, ...values: SQLInputValue[]): { lastInsertRowid: number; changes: number };
  /** All or nothing. Calls within calls join the outer one. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** The file was written by a newer version. */
export class NewerSchemaError extends Error {
  override readonly name = "NewerSchemaError";
  readonly remedy: string;
  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/**
 * @param file made when it is missing; migrated forward, after a copy `<file>.schema-<n>.bak`, when it is older
 * @param version of this server, remembered so that an older one can say what is needed
 * @throws NewerSchemaError, or CallError for a damaged file or disk
 */
export function openDatabase(file: string, version: string, migrations = MIGRATIONS): Database {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(file);
  } catch (error) {
    throw explained(error, file);
  }
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
    throw explained(error, file);
  }
  return wrap(database, file);
}

/**
 * For looking only, also while a server writes.
 * @throws NewerSchemaError, or SQLite's own error (databaseError.ts)
 */
export function openReadOnly(file: string, version: string): Database {
  try {
    return wrap(lookAt(file, file, version), file);
  } catch (error) {
    if (!needsToWrite(error) || !existsSync(file)) throw error;
    return openCopy(file, version);
  }
}

/** @param named in errors */
function lookAt(file: string, named: string, version: string): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    database.exec("PRAGMA busy_timeout = 5000;");
    requireKnown(newestSchema(database), named, version, MIGRATIONS.length);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite shares a journal's index in a file beside the database, also to read: where none can be made, a copy is looked at. */
function openCopy(file: string, version: string): Database {
  const scratch = mkdtempSync(path.join(tmpdir(), "trainyard-look-"));
  const remove = (): void => rmSync(scratch, { recursive: true, force: true });
  try {
    const copy = path.join(scratch, "pool.sqlite");
    for (const end of ["", "-wal"]) {
      if (!existsSync(file + end)) continue;
      copyFileSync(file + end, copy + end);
      chmodSync(copy + end, 0o600);
    }
    const database = wrap(lookAt(copy, file, version), file);
    return {
      ...database,
      close() {
        database.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

interface Schema {
  number: number;
  /** The server that made it. */
  server: string;
}

function newestSchema(database: DatabaseSync): Schema {
  const row = database
    .prepare("SELECT schema, server FROM schema_versions ORDER BY schema DESC LIMIT 1")
    .get();
  return { number: Number(row?.schema ?? 0), server: String(row?.server) };
}

function requireKnown({ number, server }: Schema, file: string, version: string, newest: number): void {
  if (number > newest)
    throw new NewerSchemaError(
      `${file} was last used by Trainyard ${server} (schema ${number}), this is ${version} (schema ${newest}).`,
      `Update Trainyard to ${server} or later.`,
    );
}

function migrate(database: DatabaseSync, file: string, version: string, migrations: readonly string[]): void {
  database.exec(
    "CREATE TABLE IF NOT EXISTS schema_versions (schema INTEGER PRIMARY KEY, server TEXT NOT NULL, at INTEGER NOT NULL) STRICT",
  );
  const newest = newestSchema(database);
  requireKnown(newest, file, version, migrations.length);
  const schema = newest.number;
  if (schema === migrations.length) return;
  if (schema > 0)
    backUpDatabase(
      (copy) => void database.prepare("VACUUM INTO ?").run(copy),
      `${file}.schema-${schema}.bak`,
    );
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

function wrap(database: DatabaseSync, file: string): Database {
  const statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  const prepared = (sql: string) => {
    let statement = statements.get(sql);
    if (statement === undefined) statements.set(sql, (statement = database.prepare(sql)));
    return statement;
  };
  function inWords<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explained(error, file);
    }
  }
  let depth = 0;
  return {
    all: (sql, ...values) => inWords(() => prepared(sql).all(...values)),
    each: (sql, ...values) => inWords(() => prepared(sql).iterate(...values)),
    get: (sql, ...values) => inWords(() => prepared(sql).get(...values)),
    run: (sql, ...values) =>
      inWords(() => {
        const { lastInsertRowid, changes } = prepared(sql).run(...values);
        return { lastInsertRowid: Number(lastInsertRowid), changes: Number(changes) };
      }),
    transaction(work) {
      if (depth > 0) return work();
      inWords(() => database.exec("BEGIN IMMEDIATE"));
      depth++;
      try {
        const result = work();
        inWords(() => database.exec("COMMIT"));
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
