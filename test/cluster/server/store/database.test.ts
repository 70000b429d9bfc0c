import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../../../src/cluster/server/store/database.ts";
import { MIGRATIONS } from "../../../../src/cluster/server/store/migrations.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "trainyard-database-"));
  file = path.join(folder, "pool.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a new file gets the newest schema and no backup; opening it again changes nothing", () => {
  openDatabase(file, "1.0.0").close();
  const again = openDatabase(file, "1.1.0");
  expect(again.all("SELECT schema, server FROM schema_versions ORDER BY schema DESC LIMIT 1")).toMatchObject([
    { schema: MIGRATIONS.length, server: "1.0.0" },
  ]);
  again.close();
  expect(existsSync(`${file}.schema-${MIGRATIONS.length}.bak`)).toBe(false);
});

test("a newer schema is refused, and says which version is needed", () => {
  const database = openDatabase(file, "1.0.0");
  database.run("INSERT INTO schema_versions VALUES (?, '9.9.9', 0)", MIGRATIONS.length + 1);
  database.close();
  expect(() => openDatabase(file, "1.0.0")).toThrow(/was last used by Trainyard 9\.9\.9/);
});

test("an older schema is copied before it is brought forward, and its rows stay", () => {
  const database = openDatabase(file, "1.0.0");
  database.run("INSERT INTO pool (id, created_at) VALUES ('kept', 0)");
  database.close();
  const next = [...MIGRATIONS, "ALTER TABLE pool ADD COLUMN more TEXT NOT NULL DEFAULT 'new'"];
  const migrated = openDatabase(file, "2.0.0", next);
  expect(migrated.get("SELECT id, more FROM pool")).toEqual({ id: "kept", more: "new" });
  migrated.close();
  const backup = new DatabaseSync(`${file}.schema-${MIGRATIONS.length}.bak`);
  expect(backup.prepare("SELECT * FROM pool").get()).toEqual({ id: "kept", created_at: 0 });
  backup.close();
});

test("a migration that fails leaves the file as it was", () => {
  openDatabase(file, "1.0.0").close();
  const broken = [...MIGRATIONS, "CREATE TABLE half (x); CREATE TABLE half (x);"];
  expect(() => openDatabase(file, "2.0.0", broken)).toThrow("half");
  const database = openDatabase(file, "1.0.0");
  expect(database.get("SELECT name FROM sqlite_master WHERE name = 'half'")).toBeUndefined();
  database.close();
});

test("a transaction is all or nothing, also around others", () => {
  const database = openDatabase(file, "1.0.0");
  const insert = (id: string) => database.run("INSERT INTO pool (id, created_at) VALUES (?, 0)", id);
  expect(() =>
    database.transaction(() => {
      insert("a");
      database.transaction(() => insert("b"));
      throw new Error("no");
    }),
  ).toThrow("no");
  database.transaction(() => insert("c"));
  expect(database.all("SELECT id FROM pool")).toEqual([{ id: "c" }]);
  database.close();
});
