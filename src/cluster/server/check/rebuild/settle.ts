/** Brings what a trial and an experiment say of themselves in line with the rows that there are. */
import { pausableOf } from "../../experiments/pausable.ts";
import { rollUp } from "../../experiments/rollup.ts";
import type { Database } from "../../store/database.ts";
import type { ExperimentRecord } from "../../store/records.ts";
import { Experiment, Trial } from "../../../protocol/entities.ts";
import { json, parsed } from "../poolTables.ts";

/** The trial goes on from the newest checkpoint that is listed. */
export function settleCheckpoints(database: Database, trialId: string): void {
  const trial = parsed(Trial, database.get("SELECT body FROM trials WHERE id = ?", trialId)?.body);
  if (trial === null) return;
  const newest = database.get(
    "SELECT uuid FROM checkpoints WHERE trial_id = ? ORDER BY created_at DESC LIMIT 1",
    trialId,
  );
  trial.latestCheckpoint = newest === undefined ? null : String(newest.uuid);
  trial.pausable = pausableOf(trial);
  database.run("UPDATE trials SET body = ? WHERE id = ?", JSON.stringify(trial), trialId);
}

/** The experiment's state, counts and best follow from its trials. */
export function settleExperiment(database: Database, id: number): void {
  const row = database.get("SELECT body, own FROM experiments WHERE id = ?", id);
  const experiment = parsed(Experiment, row?.body);
  if (experiment === null) return;
  const trials = database
    .all("SELECT body FROM trials WHERE experiment_id = ? ORDER BY number", id)
    .flatMap(({ body }) => parsed(Trial, body) ?? []);
  const own = json(row?.own) as Partial<ExperimentRecord["own"]> | undefined;
  Object.assign(experiment, rollUp(experiment, trials, Date.now(), own?.held === "ended"));
  database.run(
    "UPDATE experiments SET state = ?, body = ? WHERE id = ?",
    experiment.state,
    JSON.stringify(experiment),
    id,
  );
}
