/** A server that is killed while it brings an older store forward, at any of its writes: no row and no backup is lost. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../../../src/cluster/server/store/database.ts";
import { MIGRATIONS } from "../../../../src/cluster/server/store/migrations.ts";
import { canTrace, killingAt, pointsIn, recording } from "../../../strace.ts";

const OPEN = path.join(import.meta.dirname, "fixtures/openOnce.ts");
/** Two, so that it can be killed between them. */
const MORE = [
  "ALTER TABLE pool ADD COLUMN more TEXT NOT NULL DEFAULT 'new'",
  "UPDATE pool SET more = id || ' was here'; CREATE TABLE later (x TEXT) STRICT",
];
const ROWS = 200;
/** Each starts a Node. */
const MOST_POINTS = 40;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "trainyard-migration-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(file: string, strace: string[]): void {
  spawnSync("strace", [...strace, process.execPath, OPEN, file, ...MORE], { stdio: "ignore" });
}

function problemsOf(file: string): string[] {
  const problems: string[] = [];
  const migrated = openDatabase(file, "2.0.0", [...MIGRATIONS, ...MORE]);
  const rows = migrated.all("SELECT id, more FROM pool ORDER BY created_at");
  if (rows.length !== ROWS) problems.push(`${rows.length} rows`);
  if (rows.some(({ id, more }) => more !== `${String(id)} was here`))
    problems.push("a migration was left out");
  const versions = migrated.all("SELECT schema FROM schema_versions ORDER BY schema");
  if (versions.length !== MIGRATIONS.length + MORE.length) problems.push(`${versions.length} versions`);
  migrated.close();
  const backup = `${file}.schema-${MIGRATIONS.length}.bak`;
  if (!existsSync(backup)) return [...problems, "no backup"];
  try {
    const copy = new DatabaseSync(backup, { readOnly: true });
    const count = Number(copy.prepare("SELECT count(*) AS n FROM pool").get()?.n);
    const whole = copy.prepare("PRAGMA integrity_check").get()?.integrity_check;
    if (count !== ROWS || whole !== "ok") problems.push(`a backup with ${count} rows: ${String(whole)}`);
    copy.close();
  } catch (error) {
    problems.push(`a backup that cannot be read: ${String(error)}`);
  }
  return problems;
}

test.skipIf(!canTrace)(
  "killed at any write of a migration, the next start has every row and a whole backup",
  () => {
    const before = path.join(folder, "before");
    mkdirSync(before);
    const database = openDatabase(path.join(before, "pool.sqlite"), "1.0.0");
    for (let row = 0; row < ROWS; row++)
      database.run("INSERT INTO pool (id, created_at) VALUES (?, ?)", `${row} ${"x".repeat(500)}`, row);
    database.close();
    const copyOf = (name: string): string => {
      cpSync(before, path.join(folder, name), { recursive: true });
      return path.join(folder, name, "pool.sqlite");
    };
    const trace = path.join(folder, "trace");
    open(copyOf("calm"), recording(trace));
    const points = pointsIn(trace).filter((point) => !/^(prctl|clone|clone3|write) /.test(point));
    expect(points.length).toBeGreaterThan(10);
    const stride = Math.max(1, points.length / MOST_POINTS);
    const chosen = points.filter(
      (_, index) => Math.floor(index / stride) !== Math.floor((index - 1) / stride),
    );
    const found = chosen.map((point, index) => {
      const file = copyOf(String(index));
      open(file, killingAt(point));
      return { point, problems: problemsOf(file) };
    });
    expect(found.filter(({ problems }) => problems.length > 0)).toEqual([]);
  },
  120_000,
);
