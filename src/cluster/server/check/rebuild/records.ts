/** Reads and writes records of a database that is being rebuilt: rows alone, without the events that clients would hear of. */
import { Experiment, Trial } from "../../../protocol/entities.ts";
import type { Database } from "../../store/database.ts";
import type { ExperimentRecord, RunRecord, TrialRecord } from "../../store/records.ts";
import { json, parsed } from "../poolTables.ts";
import { ExperimentOwn, TrialOwn } from "../rowSchemas.ts";

export function readExperiment(database: Database, id: number): ExperimentRecord | null {
  const row = database.get("SELECT body, own FROM experiments WHERE id = ?", id);
  const experiment = parsed(Experiment, row?.body);
  if (experiment === null || parsed(ExperimentOwn, row?.own) === null) return null;
  return { experiment, own: json(row?.own) as ExperimentRecord["own"] };
}

export function readTrial(database: Database, id: string): TrialRecord | null {
  const row = database.get("SELECT body, own FROM trials WHERE id = ?", id);
  const trial = parsed(Trial, row?.body);
  if (trial === null || parsed(TrialOwn, row?.own) === null) return null;
  return { trial, own: json(row?.own) as TrialRecord["own"] };
}

export function putExperiment(database: Database, { experiment, own }: ExperimentRecord): void {
  database.run(
    `INSERT INTO experiments (id, state, body, own) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body, own = excluded.own`,
    experiment.id,
    experiment.state,
    JSON.stringify(experiment),
    JSON.stringify(own),
  );
}

export function putTrial(database: Database, { trial, own }: TrialRecord): void {
  database.run(
    `INSERT INTO trials (id, experiment_id, number, state, queued_at, body, own) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body, own = excluded.own`,
    trial.id,
    trial.experimentId,
    trial.number,
    trial.state,
    own.queuedAt,
    JSON.stringify(trial),
    JSON.stringify(own),
  );
}

export function putRun(database: Database, { run, own }: RunRecord): void {
  database.run(
    "INSERT OR IGNORE INTO runs (id, trial_id, attempt, ended, tidy, body, own) VALUES (?, ?, ?, ?, ?, ?, ?)",
    run.id,
    run.trialId,
    run.attempt,
    run.outcome === null ? 0 : 1,
    own.tidy ? 1 : 0,
    JSON.stringify(run),
    JSON.stringify(own),
  );
}
