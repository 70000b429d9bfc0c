/** The store is tested by crashing it, as SQLite is. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../../../src/cluster/server/store/database.ts";
import { MIGRATIONS } from "../../../../src/cluster/server/store/migrations.ts";
import { createPoolStore } from "../../../../src/cluster/server/store/poolStore.ts";

const KILLS = 30;
const WRITER = path.join(import.meta.dirname, "fixtures/writer.ts");

let folder: string;
let file: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(tmpdir(), "trainyard-crash-"));
  file = path.join(folder, "pool.sqlite");
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** Numbers of the transactions that the file holds; each must be there as a whole. */
function numbersIn(): number[] {
  const database = openDatabase(file, "1");
  expect(database.all("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  const store = createPoolStore(database, () => undefined);
  const numbers = store.experimentRecords().map(({ experiment, own }) => {
    const { number } = own as unknown as { number: number };
    expect(experiment.name).toBe(String(number));
    expect((experiment as unknown as { more: string }).more).toHaveLength(number % 5000);
    expect(store.decisionsOf(experiment.id)).toEqual([{ subject: "searcher", number }]);
    expect(store.submission(`00000000-0000-4000-8000-${String(number).padStart(12, "0")}`)).toBe(
      experiment.id,
    );
    return number;
  });
  expect(store.lastSeq()).toBe(numbers.length);
  store.close();
  return numbers;
}

test(`kill -9, ${KILLS} times: every committed transaction is there, whole, and nothing else`, async () => {
  let next = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [WRITER, file, String(next)], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let said = "";
    const begun = new Promise<void>((resolve) =>
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        resolve();
      }),
    );
    const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
    await begun;
    await sleep(Math.random() * 20);
    child.kill("SIGKILL");
    await closed;
    const told = said.split("\n").slice(0, -1).map(Number);
    const numbers = numbersIn();
    expect(numbers).toEqual(numbers.map((_, index) => index));
    // The last one may have been committed without having been told.
    expect(numbers.length).toBeGreaterThanOrEqual((told.at(-1) ?? -1) + 1);
    next = numbers.length;
  }
}, 120_000);

test("a journal that is cut or garbled at any byte opens with what was committed before that, never with wrong data", () => {
  const writer = openDatabase(file, "1");
  writer.run("PRAGMA wal_autocheckpoint = 0");
  const COMMITS = 40;
  // What comes before the commits is in the file itself.
  writer.all("PRAGMA wal_checkpoint(TRUNCATE)");
  for (let number = 1; number <= COMMITS; number++)
    writer.transaction(() => {
      for (const half of ["a", "b"])
        writer.run(
          "INSERT INTO pool (id, created_at) VALUES (?, ?)",
          `${number}${half}${"x".repeat(number * 50)}`,
          number,
        );
    });
  const [main, journal] = [fs.readFileSync(file), fs.readFileSync(`${file}-wal`)];
  writer.close();
  expect(journal.length).toBeGreaterThan(100_000);

  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: journal.length - 1 }),
      fc.oneof(fc.constant(null), fc.uint8Array({ minLength: 1, maxLength: 5000 })),
      (at, garbage) => {
        const torn = path.join(folder, "torn.sqlite");
        for (const end of ["-wal", "-shm"]) fs.rmSync(torn + end, { force: true });
        const damaged = garbage === null ? journal.subarray(0, at) : Buffer.from(journal);
        if (garbage !== null) damaged.set(garbage.subarray(0, journal.length - at), at);
        fs.writeFileSync(torn, main);
        fs.writeFileSync(`${torn}-wal`, damaged);
        const database = openDatabase(torn, "1");
        expect(database.all("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
        const rows = database.all("SELECT id, created_at FROM pool ORDER BY rowid");
        database.close();
        // A prefix of the transactions, each with both of its rows as they were written.
        expect(rows.length % 2).toBe(0);
        expect(rows).toEqual(
          rows.map((_, index) => {
            const number = Math.floor(index / 2) + 1;
            return {
              id: `${number}${index % 2 === 0 ? "a" : "b"}${"x".repeat(number * 50)}`,
              created_at: number,
            };
          }),
        );
        return true;
      },
    ),
    { numRuns: 150 },
  );
});

test("half a backup is never taken for one, and a migration makes it anew", () => {
  openDatabase(file, "1", MIGRATIONS.slice(0, 1)).close();
  // Of an attempt that was cut off.
  fs.writeFileSync(`${file}.schema-1.bak`, "half");
  openDatabase(file, "2").close();
  const backup = new DatabaseSync(`${file}.schema-1.bak`);
  expect(backup.prepare("SELECT max(schema) AS schema FROM schema_versions").get()).toEqual({ schema: 1 });
  backup.close();
  expect(fs.readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("a damaged file, and one that is none, are said with what to do", () => {
  fs.writeFileSync(file, "no database, but long enough to be read as one ".repeat(200));
  expect(() => openDatabase(file, "1")).toThrow(
    expect.objectContaining({
      message: expect.stringContaining("The pool's database is damaged") as string,
      remedy: expect.stringContaining("trainyard pool check --repair") as string,
    }),
  );
});

test("a disk that is full is said with what to do, and what was committed stays", () => {
  const database = openDatabase(file, "1");
  database.run("INSERT INTO pool (id, created_at) VALUES ('kept', 0)");
  const [pages] = database.all("PRAGMA page_count");
  database.all(`PRAGMA max_page_count = ${Number(pages?.page_count)}`);
  expect(() => database.run("INSERT INTO pool (id, created_at) VALUES (?, 0)", "x".repeat(200_000))).toThrow(
    /its disk or quota is full/,
  );
  expect(database.all("SELECT id FROM pool")).toEqual([{ id: "kept" }]);
  database.close();
});
