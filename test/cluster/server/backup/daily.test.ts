import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDailyBackup } from "../../../../src/cluster/server/backup/daily.ts";
import { openDatabase } from "../../../../src/cluster/server/store/database.ts";
import { silentLogger } from "../trees/sender.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "trainyard-daily-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a changed database is copied once a day, beside those who write, and the oldest copies go", async () => {
  const file = path.join(folder, "pool.sqlite");
  const backups = path.join(folder, "backups");
  mkdirSync(backups);
  for (let day = 10; day < 20; day++) {
    const old = path.join(backups, `pool-2020-01-${day}.sqlite`);
    writeFileSync(old, "");
    utimesSync(old, 1, 1);
  }
  const database = openDatabase(file, "1");
  database.run("INSERT INTO pool (id, created_at) VALUES ('kept', 0)");
  const daily = createDailyBackup({ file, database, folder: backups, logger: silentLogger, firstLookMs: 0 });
  daily.start();
  const today = path.join(backups, `pool-${new Date().toISOString().slice(0, 10)}.sqlite`);
  while (!existsSync(today)) await sleep(10);
  await daily.close();
  database.close();
  const copy = new DatabaseSync(today);
  expect(copy.prepare("SELECT id FROM pool").get()).toEqual({ id: "kept" });
  copy.close();
  expect(readdirSync(backups).filter((name) => name.endsWith(".sqlite"))).toHaveLength(7);
  expect(readdirSync(backups).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});
