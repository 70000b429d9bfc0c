/**
 * The database of a backup: nothing in it begins by itself when it is opened, beside the pool that it is of. What waited or
 * trained is paused, at its newest checkpoint.
 */
import { pausableOf } from "../experiments/pausable.ts";
import { isFinal } from "../experiments/rollup.ts";
import { parsed } from "../check/poolTables.ts";
import { settleCheckpoints, settleExperiment } from "../check/rebuild/settle.ts";
import type { Database } from "../store/database.ts";
import { Trial } from "../../protocol/entities.ts";

/** @returns the trials that were at a run */
export function pauseAll(database: Database): string[] {
  return database.transaction(() => {
    const living = database
      .all("SELECT DISTINCT trial_id FROM runs WHERE ended = 0")
      .map(({ trial_id }) => String(trial_id));
    database.run(
      `UPDATE runs SET ended = 1, body = json_set(body, '$.outcome', 'lost', '$.endedAt', ?) WHERE ended = 0`,
      Date.now(),
    );
    // Their working trees have only what they wrote (backUpPool.ts).
    database.run("UPDATE runs SET tidy = 1, own = json_set(own, '$.tidy', json('true')) WHERE tidy = 0");
    for (const { id, body } of database.all("SELECT id, body FROM trials")) {
      const trial = parsed(Trial, body);
      if (trial === null || isFinal(trial.state) || trial.state === "paused") continue;
      Object.assign(trial, { state: "paused", waitReason: null, currentRun: null, slots: [], failure: null });
      trial.pausable = pausableOf(trial);
      database.run(
        "UPDATE trials SET state = ?, body = ?, own = json_set(own, '$.asked', NULL, '$.control', NULL) WHERE id = ?",
        trial.state,
        JSON.stringify(trial),
        String(id),
      );
    }
    for (const { id } of database.all("SELECT id FROM experiments")) settleExperiment(database, Number(id));
    database.run(
      `UPDATE experiments SET own = json_set(own, '$.held', 'paused')
       WHERE state IN ('paused', 'waiting', 'running') AND json_extract(own, '$.held') IS NULL`,
    );
    database.run("DELETE FROM deletions");
    database.run("DELETE FROM events");
    return living;
  });
}

/** Takes out what the pool has deleted while it was copied. */
export function dropDeleted(database: Database, live: Database): void {
  const ids = (from: Database, table: string, key: string) =>
    new Set(from.all(`SELECT ${key} AS id FROM ${table}`).map(({ id }) => id as string | number));
  const [experiments, checkpoints] = [ids(live, "experiments", "id"), ids(live, "checkpoints", "uuid")];
  database.transaction(() => {
    for (const id of ids(database, "experiments", "id"))
      if (!experiments.has(id)) {
        database.run("DELETE FROM submissions WHERE experiment_id = ?", id);
        database.run("DELETE FROM experiments WHERE id = ?", id);
      }
    for (const { uuid, trial_id } of database.all("SELECT uuid, trial_id FROM checkpoints"))
      if (!checkpoints.has(String(uuid))) {
        database.run("DELETE FROM checkpoints WHERE uuid = ?", String(uuid));
        settleCheckpoints(database, String(trial_id));
      }
  });
}
