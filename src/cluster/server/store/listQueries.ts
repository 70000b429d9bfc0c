/** Reading pool.sqlite page by page, for lists of things of which there may be very many. */
import type { Checkpoint, Experiment, Run, Trial } from "../../protocol/entities.ts";
import type { Database } from "./database.ts";

export function createListQueries(database: Database) {
  const bodies = <T>(rows: Record<string, unknown>[]) =>
    rows.map(({ body }) => JSON.parse(String(body)) as T);

  return {
    experimentCount: () => Number(database.get("SELECT count(*) AS n FROM experiments")?.n ?? 0),
    /** The newest first. @param before only those with a smaller number; null: the newest of all */
    experimentsBefore: (before: number | null, limit: number) =>
      bodies<Experiment>(
        database.all(
          "SELECT body FROM experiments WHERE id < ? ORDER BY id DESC LIMIT ?",
          before ?? Number.MAX_SAFE_INTEGER,
          limit,
        ),
      ),
    /** Those of which something runs or waits, the newest first. @param before only those with a smaller number */
    livelyExperiments: (before: number) =>
      bodies<Experiment>(
        database.all(
          "SELECT body FROM experiments WHERE state IN ('waiting', 'running') AND id < ? ORDER BY id DESC",
          before,
        ),
      ),
    /** Interpreters of the newest experiments of a workspace. @param script only of completed ones of that script; null: of all */
    interpretersOf: (workspace: string, script: string | null, limit: number): string[] =>
      database
        .all(
          `SELECT json_extract(own, '$.request.interpreter') AS interpreter FROM experiments
           WHERE json_extract(body, '$.workspace') = ?1
             AND (?2 IS NULL OR (state = 'completed' AND json_extract(body, '$.script') = ?2))
           ORDER BY id DESC LIMIT ?3`,
          workspace,
          script,
          limit,
        )
        .map(({ interpreter }) => String(interpreter)),
    /** In the order of their numbers. @param after only those with a greater number */
    trialsAfter: (experimentId: number, after: number, limit: number) =>
      bodies<Trial>(
        database.all(
          "SELECT body FROM trials WHERE experiment_id = ? AND number > ? ORDER BY number LIMIT ?",
          experimentId,
          after,
          limit,
        ),
      ),
    checkpointsOfTrial: (trialId: string) =>
      bodies<Checkpoint>(
        database.all("SELECT body FROM checkpoints WHERE trial_id = ? ORDER BY created_at", trialId),
      ),
    /** Of the trials of an experiment whose numbers are from `first` to `last`. */
    runsBetween: (experimentId: number, first: number, last: number) =>
      bodies<Run>(
        database.all(
          `SELECT r.body FROM trials t JOIN runs r ON r.trial_id = t.id
           WHERE t.experiment_id = ? AND t.number BETWEEN ? AND ? ORDER BY t.number, r.attempt`,
          experimentId,
          first,
          last,
        ),
      ),
    checkpointsBetweenTrials: (experimentId: number, first: number, last: number) =>
      bodies<Checkpoint>(
        database.all(
          `SELECT c.body FROM trials t JOIN checkpoints c ON c.trial_id = t.id
           WHERE t.experiment_id = ? AND t.number BETWEEN ? AND ? ORDER BY t.number, c.created_at`,
          experimentId,
          first,
          last,
        ),
      ),
  };
}
