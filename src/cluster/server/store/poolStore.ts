/** The entities in pool.sqlite. Each write of an entity and its event are one transaction. */
import { randomUUID } from "node:crypto";
import {
  FINAL_TRIAL_STATES,
  type Checkpoint,
  type Experiment,
  type Run,
  type Slot,
  type Trial,
  type TrialState,
} from "../../protocol/entities.ts";
import type { Database } from "./database.ts";
import { type Change, createEventLog } from "./eventLog.ts";
import { createListQueries } from "./listQueries.ts";
import type { ExperimentRecord, Leftovers, RunRecord, TrialRecord } from "./records.ts";

/** The table of events reaches back this far. */
const EVENTS_KEPT = 100_000;

export type PoolStore = ReturnType<typeof createPoolStore>;

/** @param onCommitted called after each outermost transaction that wrote events */
export function createPoolStore(database: Database, onCommitted: () => void, eventsKept = EVENTS_KEPT) {
  const poolId = readPoolId(database);
  const log = createEventLog(database, onCommitted, eventsKept);
  const { transaction, emit } = log;

  /** Writes a row and, when what clients see of it has changed, its event. */
  function put(before: unknown, body: string, change: Change, write: () => void): void {
    transaction(() => {
      write();
      if (before !== body) emit(change);
    });
  }

  const bodies = <T>(rows: Record<string, unknown>[]) => rows.map(({ body }) => parse<T>(body));

  return {
    poolId,
    transaction,
    lastSeq: log.lastSeq,
    firstSeq: log.firstSeq,
    eventsAfter: log.eventsAfter,
    close: () => {
      database.close();
    },
    ...createListQueries(database),

    // ---- experiments

    submission(submissionId: string): number | null {
      const row = database.get("SELECT experiment_id FROM submissions WHERE submission_id = ?", submissionId);
      return row === undefined ? null : Number(row.experiment_id);
    },
    /** Takes a number that was never used before and writes what `make` returns for it. */
    insertExperiment(submissionId: string, make: (id: number) => ExperimentRecord): ExperimentRecord {
      return transaction(() => {
        const id = database.run(
          "INSERT INTO experiments (state, body, own) VALUES ('waiting', '', '')",
        ).lastInsertRowid;
        database.run(
          "INSERT INTO submissions (submission_id, experiment_id) VALUES (?, ?)",
          submissionId,
          id,
        );
        const record = make(id);
        this.putExperiment(record);
        return record;
      });
    },
    putExperiment({ experiment, own }: ExperimentRecord): void {
      const before = database.get("SELECT body FROM experiments WHERE id = ?", experiment.id)?.body;
      const body = JSON.stringify(experiment);
      put(before, body, { type: "experiment", experiment }, () => {
        database.run(
          "UPDATE experiments SET state = ?, body = ?, own = ? WHERE id = ?",
          experiment.state,
          body,
          JSON.stringify(own),
          experiment.id,
        );
      });
    },
    experiment(id: number): ExperimentRecord | null {
      const row = database.get("SELECT body, own FROM experiments WHERE id = ?", id);
      return row === undefined ? null : { experiment: parse(row.body), own: parse(row.own) };
    },
    experiments: () => bodies<Experiment>(database.all("SELECT body FROM experiments ORDER BY id")),
    experimentRecords: (): ExperimentRecord[] =>
      database
        .all("SELECT body, own FROM experiments ORDER BY id")
        .map(({ body, own }) => ({ experiment: parse(body), own: parse(own) })),

    /** Of a script or of a configuration, by their paths on the person's machine; the newest first. */
    newestOf: (script: string | null, configuration: string | null, count: number): ExperimentRecord[] =>
      database
        .all(
          `SELECT body, own FROM experiments
           WHERE json_extract(body, '$.workspace') || '/' || json_extract(body, '$.script') = ?
             OR json_extract(body, '$.snapshot.root') || '/' || json_extract(body, '$.configuration') = ?
           ORDER BY id DESC LIMIT ?`,
          script,
          configuration,
          count,
        )
        .map(({ body, own }) => ({ experiment: parse(body), own: parse(own) })),

    /** Those whose checkpoints are still to be collected. */
    experimentsToCollect: (): number[] =>
      database
        .all("SELECT id FROM experiments WHERE json_extract(own, '$.isToCollect') = 1")
        .map(({ id }) => Number(id)),

    // ---- trials

    putTrial({ trial, own }: TrialRecord): void {
      const before = database.get("SELECT body FROM trials WHERE id = ?", trial.id)?.body;
      const body = JSON.stringify(trial);
      put(before, body, { type: "trial", trial }, () => {
        database.run(
          `INSERT INTO trials (id, experiment_id, number, state, queued_at, body, own) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET state = excluded.state, queued_at = excluded.queued_at, body = excluded.body,
           own = excluded.own`,
          trial.id,
          trial.experimentId,
          trial.number,
          trial.state,
          own.queuedAt,
          body,
          JSON.stringify(own),
        );
      });
    },
    /** Without an event: clients hear of it by announceTrial, or with the next change of its state. */
    putTrialQuietly({ trial, own }: TrialRecord): void {
      database.run(
        "UPDATE trials SET body = ?, own = ? WHERE id = ?",
        JSON.stringify(trial),
        JSON.stringify(own),
        trial.id,
      );
    },
    announceTrial(id: string): void {
      transaction(() => {
        const trial = this.trial(id)?.trial;
        if (trial !== undefined) emit({ type: "trial", trial });
      });
    },
    trial(id: string): TrialRecord | null {
      const row = database.get("SELECT body, own FROM trials WHERE id = ?", id);
      return row === undefined ? null : { trial: parse(row.body), own: parse(row.own) };
    },
    trials: () => bodies<Trial>(database.all("SELECT body FROM trials ORDER BY experiment_id, number")),
    trialsOf: (experimentId: number) =>
      bodies<Trial>(
        database.all("SELECT body FROM trials WHERE experiment_id = ? ORDER BY number", experimentId),
      ),
    /** In the order of the queue. */
    trialsIn(...states: TrialState[]): TrialRecord[] {
      const marks = states.map(() => "?").join(", ");
      return database
        .all(
          `SELECT body, own FROM trials WHERE state IN (${marks}) ORDER BY queued_at, experiment_id, number`,
          ...states,
        )
        .map(({ body, own }) => ({ trial: parse(body), own: parse(own) }));
    },
    /** The current runs of trials in these states. */
    currentRunsIn(...states: TrialState[]): string[] {
      const marks = states.map(() => "?").join(", ");
      return database
        .all(
          `SELECT json_extract(body, '$.currentRun') AS run FROM trials
           WHERE state IN (${marks}) AND run IS NOT NULL ORDER BY queued_at, experiment_id, number`,
          ...states,
        )
        .map(({ run }) => String(run));
    },
    /** Of those that have not ended for good. */
    livingTrialIds: () =>
      database
        .all(
          `SELECT id FROM trials WHERE state NOT IN (${FINAL_TRIAL_STATES.map(() => "?").join(", ")})`,
          ...FINAL_TRIAL_STATES,
        )
        .map(({ id }) => String(id)),
    trialCount: (...states: TrialState[]) =>
      Number(
        database.get(
          `SELECT count(*) AS n FROM trials WHERE state IN (${states.map(() => "?").join(", ")})`,
          ...states,
        )?.n ?? 0,
      ),

    /** How long the newest of the completed trials held slots, with what they ran; the newest last. */
    completedLengths: (count: number) =>
      database
        .all(
          `SELECT t.experiment_id AS experiment, json_extract(e.body, '$.workspace') AS workspace,
             json_extract(e.body, '$.script') AS script, json_extract(t.own, '$.time.heldMs') AS ms
           FROM trials t JOIN experiments e ON e.id = t.experiment_id
           WHERE t.state = 'completed' AND ms IS NOT NULL AND json_extract(e.body, '$.imported') IS NULL ORDER BY t.rowid DESC LIMIT ?`,
          count,
        )
        .map(({ experiment, workspace, script, ms }) => ({
          experimentId: Number(experiment),
          script: `${String(workspace)}/${String(script)}`,
          ms: Number(ms),
        }))
        .reverse(),

    /** Of those that have ended and have told how far they trained, in units of the time metric; the newest first. */
    trainedOf: (experimentId: number) =>
      database
        .all(
          `SELECT json_extract(own, '$.time.heldMs') AS ms, json_extract(own, '$.searcherTime') AS units FROM trials
           WHERE experiment_id = ? AND state IN ('completed', 'stopped', 'failed', 'killed') AND ms > 0 AND units > 0
           ORDER BY number DESC`,
          experimentId,
        )
        .map(({ ms, units }) => ({ heldMs: Number(ms), units: Number(units) })),

    // ---- runs

    putRun({ run, own }: RunRecord): void {
      const before = database.get("SELECT body FROM runs WHERE id = ?", run.id)?.body;
      const body = JSON.stringify(run);
      put(before, body, { type: "run", run }, () => {
        database.run(
          `INSERT INTO runs (id, trial_id, attempt, ended, tidy, body, own) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, tidy = excluded.tidy, body = excluded.body,
           own = excluded.own`,
          run.id,
          run.trialId,
          run.attempt,
          run.outcome === null ? 0 : 1,
          own.tidy ? 1 : 0,
          body,
          JSON.stringify(own),
        );
      });
    },
    run(id: string): RunRecord | null {
      const row = database.get("SELECT body, own FROM runs WHERE id = ?", id);
      return row === undefined ? null : { run: parse(row.body), own: parse(row.own) };
    },
    runs: () => bodies<Run>(database.all("SELECT body FROM runs ORDER BY trial_id, attempt")),
    /** Those that live, or ended after that moment. */
    runsSince: (at: number) =>
      bodies<Run>(
        database.all(
          // Each half has an index of its own.
          `SELECT body FROM runs WHERE ended = 1 AND json_extract(body, '$.endedAt') >= ? UNION ALL
           SELECT body FROM runs WHERE ended = 0`,
          at,
        ),
      ),
    runsOf: (trialId: string) =>
      bodies<Run>(database.all("SELECT body FROM runs WHERE trial_id = ? ORDER BY attempt", trialId)),
    /** Runs that have ended and whose work/ still holds the whole tree. */
    untidyRuns: (): RunRecord[] =>
      database
        .all("SELECT body, own FROM runs WHERE tidy = 0 AND ended = 1")
        .map(({ body, own }) => ({ run: parse(body), own: parse(own) })),

    // ---- checkpoints

    putCheckpoint(checkpoint: Checkpoint): void {
      const before = database.get("SELECT body FROM checkpoints WHERE uuid = ?", checkpoint.uuid)?.body;
      const body = JSON.stringify(checkpoint);
      put(before, body, { type: "checkpoint", checkpoint }, () => {
        database.run(
          `INSERT INTO checkpoints (uuid, experiment_id, trial_id, step, created_at, body) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (uuid) DO UPDATE SET body = excluded.body`,
          checkpoint.uuid,
          checkpoint.experimentId,
          checkpoint.trialId,
          checkpoint.step,
          checkpoint.createdAt,
          body,
        );
      });
    },
    checkpoint(uuid: string): Checkpoint | null {
      const row = database.get("SELECT body FROM checkpoints WHERE uuid = ?", uuid);
      return row === undefined ? null : parse(row.body);
    },
    hasCheckpoint: (uuid: string) =>
      database.get("SELECT 1 FROM checkpoints WHERE uuid = ?", uuid) !== undefined,
    checkpoints: () => bodies<Checkpoint>(database.all("SELECT body FROM checkpoints ORDER BY created_at")),
    checkpointCount: (trialId: string): number =>
      Number(
        database.get("SELECT count(*) AS count FROM checkpoints WHERE trial_id = ?", trialId)?.count ?? 0,
      ),
    checkpointsOf: (experimentId: number) =>
      bodies<Checkpoint>(
        database.all(
          "SELECT body FROM checkpoints WHERE experiment_id = ? ORDER BY created_at",
          experimentId,
        ),
      ),
    /** Of the trial, at steps from `from` to `to`. */
    checkpointsBetween: (trialId: string, from: number, to: number) =>
      bodies<Checkpoint>(
        database.all(
          "SELECT body FROM checkpoints WHERE trial_id = ? AND step BETWEEN ? AND ?",
          trialId,
          from,
          to,
        ),
      ),
    latestCheckpoint(trialId: string): Checkpoint | null {
      const row = database.get(
        "SELECT body FROM checkpoints WHERE trial_id = ? ORDER BY created_at DESC LIMIT 1",
        trialId,
      );
      return row === undefined ? null : parse(row.body);
    },

    /** Which files it has, by the digests of their content. */
    putCheckpointFiles(uuid: string, files: readonly { path: string; sha256: string }[]): void {
      transaction(() => {
        for (const { path, sha256 } of files)
          database.run(
            "INSERT OR IGNORE INTO checkpoint_files (sha256, uuid, path) VALUES (?, ?, ?)",
            sha256,
            uuid,
            path,
          );
      });
    },
    /** Files of other checkpoints with this content, of very many some. */
    sameFiles: (sha256: string, uuid: string): { uuid: string; path: string }[] =>
      database
        .all("SELECT uuid, path FROM checkpoint_files WHERE sha256 = ? AND uuid <> ? LIMIT 10", sha256, uuid)
        .map((row) => ({ uuid: String(row.uuid), path: String(row.path) })),

    // ---- deleting

    /** Removes the rows and remembers which files are to follow. */
    deleteExperiment(leftovers: Leftovers): void {
      transaction(() => {
        database.run("INSERT INTO deletions (leftovers) VALUES (?)", JSON.stringify(leftovers));
        database.run("DELETE FROM submissions WHERE experiment_id = ?", leftovers.experimentId);
        database.run("DELETE FROM experiments WHERE id = ?", leftovers.experimentId);
        for (const uuid of leftovers.checkpointUuids) emit({ type: "checkpointDeleted", uuid });
        emit({ type: "experimentDeleted", id: leftovers.experimentId });
      });
    },
    /** Removes the rows of checkpoints and remembers their files; their trials stay. */
    deleteCheckpoints(checkpoints: readonly Checkpoint[]): void {
      transaction(() => {
        for (const [experimentId, of] of Map.groupBy(checkpoints, (checkpoint) => checkpoint.experimentId)) {
          const checkpointUuids = of.map(({ uuid }) => uuid);
          const leftovers: Leftovers = {
            experimentId,
            tree: null,
            trialIds: [],
            runIds: [],
            checkpointUuids,
          };
          database.run("INSERT INTO deletions (leftovers) VALUES (?)", JSON.stringify(leftovers));
        }
        for (const { uuid } of checkpoints) {
          database.run("DELETE FROM checkpoints WHERE uuid = ?", uuid);
          emit({ type: "checkpointDeleted", uuid });
        }
        for (const trialId of new Set(checkpoints.map((checkpoint) => checkpoint.trialId))) {
          const record = this.trial(trialId);
          if (record === null) continue;
          record.trial.latestCheckpoint = this.latestCheckpoint(trialId)?.uuid ?? null;
          this.putTrial(record);
        }
      });
    },
    leftovers: () =>
      database
        .all("SELECT seq, leftovers FROM deletions ORDER BY seq")
        .map(({ seq, leftovers }) => ({ seq: Number(seq), leftovers: parse<Leftovers>(leftovers) })),
    forgetLeftovers: (seq: number) => database.run("DELETE FROM deletions WHERE seq = ?", seq),

    // ---- decisions and slots

    recordDecision(experimentId: number, subject: string, decision: object): void {
      database.run(
        "INSERT INTO decisions (at, experiment_id, subject, decision) VALUES (?, ?, ?, ?)",
        Date.now(),
        experimentId,
        subject,
        JSON.stringify(decision),
      );
    },
    decisionsOf: (experimentId: number) =>
      database
        .all(
          "SELECT seq, subject, decision FROM decisions WHERE experiment_id = ? ORDER BY seq",
          experimentId,
        )
        .map(({ subject, decision }) => ({ subject: String(subject), ...parse<object>(decision) })),
    putSlots(slots: Slot[]): void {
      transaction(() => {
        emit({ type: "slots", slots });
      });
    },
  };
}

function readPoolId(database: Database): string {
  const row = database.get("SELECT id FROM pool");
  if (row !== undefined) return String(row.id);
  const id = randomUUID();
  database.run("INSERT INTO pool (id, created_at) VALUES (?, ?)", id, Date.now());
  return id;
}

function parse<T>(json: unknown): T {
  return JSON.parse(String(json)) as T;
}
