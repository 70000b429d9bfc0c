/** The numbered events of pool.sqlite: what clients hear of. An event is in the transaction of the change that it tells. */
import type { PoolEvent } from "../../protocol/events.ts";
import type { Database } from "./database.ts";

export type Change = PoolEvent["change"];
export type EventLog = ReturnType<typeof createEventLog>;

/**
 * @param onCommitted called after each outermost transaction that wrote events
 * @param eventsKept the table reaches back this far
 */
export function createEventLog(database: Database, onCommitted: () => void, eventsKept: number) {
  let depth = 0;
  let hasEvents = false;

  /** Number of the newest event, 0 before the first. */
  function lastSeq(): number {
    return Number(database.get("SELECT seq FROM sqlite_sequence WHERE name = 'events'")?.seq ?? 0);
  }

  return {
    /** All or nothing. Calls within calls join the outer one. */
    transaction: <T>(work: () => T): T => {
      depth++;
      let result: T;
      try {
        result = database.transaction(work);
      } catch (error) {
        if (depth === 1) hasEvents = false;
        throw error;
      } finally {
        depth--;
      }
      if (depth === 0 && hasEvents) {
        hasEvents = false;
        onCommitted();
      }
      return result;
    },
    /** To be called within a transaction. */
    emit: (change: Change): void => {
      const { lastInsertRowid } = database.run(
        "INSERT INTO events (at, change) VALUES (?, ?)",
        Date.now(),
        JSON.stringify(change),
      );
      if (lastInsertRowid % 1000 === 0)
        database.run("DELETE FROM events WHERE seq <= ?", lastInsertRowid - eventsKept);
      hasEvents = true;
    },
    lastSeq,
    /** Number of the oldest event that is still there; one beyond the newest when there is none. */
    firstSeq: () => Number(database.get("SELECT min(seq) AS seq FROM events")?.seq ?? lastSeq() + 1),
    eventsAfter: (seq: number, limit: number): PoolEvent[] =>
      database
        .all("SELECT seq, at, change FROM events WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit)
        .map((row) => ({
          seq: Number(row.seq),
          at: Number(row.at),
          change: JSON.parse(String(row.change)) as Change,
        })),
  };
}
