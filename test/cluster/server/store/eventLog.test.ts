import { afterEach, beforeEach, expect, test } from "vitest";
import { type Database, openDatabase } from "../../../../src/cluster/server/store/database.ts";
import { type Change, createEventLog } from "../../../../src/cluster/server/store/eventLog.ts";

const gone = (id: number): Change => ({ type: "experimentDeleted", id });
let database: Database;
beforeEach(() => {
  database = openDatabase(":memory:", "1");
});
afterEach(() => database.close());

test("numbers count up from 1, and say how far back the table reaches", () => {
  const log = createEventLog(database, () => undefined, 100);
  expect([log.firstSeq(), log.lastSeq()]).toEqual([1, 0]);
  log.transaction(() => {
    for (let id = 1; id <= 2000; id++) log.emit(gone(id));
  });
  expect([log.firstSeq(), log.lastSeq()]).toEqual([1901, 2000]);
  expect(log.eventsAfter(1998, 10)).toMatchObject([
    { seq: 1999, change: gone(1999) },
    { seq: 2000, change: gone(2000) },
  ]);
  expect(log.eventsAfter(0, 3).map(({ seq }) => seq)).toEqual([1901, 1902, 1903]);
});

test("one word after the outermost transaction, and none for what was rolled back or had no events", () => {
  const told: number[] = [];
  const log = createEventLog(database, () => told.push(log.lastSeq()), 100);
  log.transaction(() => {
    log.transaction(() => log.emit(gone(1)));
    log.emit(gone(2));
    expect(told).toEqual([]);
  });
  expect(told).toEqual([2]);
  expect(() =>
    log.transaction(() => {
      log.emit(gone(3));
      throw new Error("no");
    }),
  ).toThrow("no");
  log.transaction(() => undefined);
  expect([told, log.lastSeq()]).toEqual([[2], 2]);
});
