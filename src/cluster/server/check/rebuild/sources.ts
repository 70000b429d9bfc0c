/** Databases that rows can be taken from: the damaged one, as far as it can be read, and the backups. */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openDatabase, type Row } from "../../store/database.ts";
import { look, namesIn } from "../folders.ts";

export interface Source {
  /** For a person. */
  name: string;
  /** When it was written, ms. */
  at: number;
  isBackup: boolean;
  /** What of the table can be read. */
  rows(table: string): Row[];
  close(): void;
}

/** Backups of the pool's database, the newest first. */
export function backupFiles(home: string): { file: string; at: number }[] {
  const inside = (folder: string, pattern: RegExp) =>
    namesIn(path.join(home, folder))
      .filter((name) => pattern.test(name))
      .map((name) => path.join(home, folder, name));
  return [
    ...inside("state", /^pool\.sqlite\.schema-\d+\.bak$/),
    ...inside("state/backups", /^pool-[0-9-]+\.sqlite$/),
  ]
    .map((file) => ({ file, at: look(file)?.mtimeMs ?? 0 }))
    .sort((a, b) => b.at - a.at);
}

/** @returns null for one that is no good itself */
export function openBackup({ file, at }: { file: string; at: number }, version: string): Source | null {
  const scratch = mkdtempSync(path.join(tmpdir(), "trainyard-backup-"));
  try {
    const copy = path.join(scratch, "pool.sqlite");
    copyFileSync(file, copy);
    // Brought forward to our schema.
    const database = openDatabase(copy, version);
    const said = database.all("PRAGMA integrity_check(1)").map((row) => Object.values(row)[0]);
    if (said[0] !== "ok") throw new Error("it is damaged itself");
    return {
      name: `the backup of ${new Date(at).toISOString().slice(0, 16).replace("T", " ")}`,
      at,
      isBackup: true,
      rows: (table) => database.all(`SELECT * FROM ${table}`),
      close: () => {
        database.close();
        rmSync(scratch, { recursive: true, force: true });
      },
    };
  } catch {
    rmSync(scratch, { recursive: true, force: true });
    return null;
  }
}

/** @param file of a damaged database, with its journal beside it; it is not changed @returns null when nothing of it can be read */
export function openDamaged(file: string): Source | null {
  const scratch = mkdtempSync(path.join(tmpdir(), "trainyard-damaged-"));
  const copy = path.join(scratch, "pool.sqlite");
  try {
    for (const end of ["", "-wal"]) if (look(file + end) !== null) copyFileSync(file + end, copy + end);
    const database = new DatabaseSync(copy);
    database.prepare("SELECT count(*) FROM sqlite_master").get();
    return {
      name: "the damaged database",
      at: look(file)?.mtimeMs ?? 0,
      isBackup: false,
      rows: (table) => [
        // From both ends up to the damage.
        ...untilDamage(database, `SELECT rowid AS rowid_, * FROM ${table} ORDER BY rowid`),
        ...untilDamage(database, `SELECT rowid AS rowid_, * FROM ${table} ORDER BY rowid DESC`),
      ],
      close: () => {
        database.close();
        rmSync(scratch, { recursive: true, force: true });
      },
    };
  } catch {
    rmSync(scratch, { recursive: true, force: true });
    return null;
  }
}

function untilDamage(database: DatabaseSync, sql: string): Row[] {
  const rows: Row[] = [];
  try {
    for (const row of database.prepare(sql).iterate()) rows.push(row);
  } catch {
    // what is beyond it comes from the other end, or from a backup
  }
  return rows;
}
