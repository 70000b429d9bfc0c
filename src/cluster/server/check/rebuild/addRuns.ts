/** Runs that nothing but their folders knows of, with their trials and experiments. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { RunId } from "../../../protocol/entities.ts";
import type { Database } from "../../store/database.ts";
import type { TrialRecord } from "../../store/records.ts";
import { namesIn } from "../folders.ts";
import { atRun, experimentRecord, runRecord, type SeenRun, seeRun, trialRecord } from "./fromRuns.ts";
import { putExperiment, putRun, putTrial, readExperiment, readTrial } from "./records.ts";

/** Runs of which there is a folder and something lacks: their row, or their trial's or experiment's. By experiment. */
export async function unknownRuns(
  home: string,
  database: Database,
  isWanted: (experimentId: number) => boolean,
): Promise<Map<number, SeenRun[]>> {
  const seen = new Map<number, SeenRun[]>();
  for (const name of namesIn(path.join(home, "runs"))) {
    const experimentId = Number(name.split(".")[0]);
    if (!RunId.safeParse(name).success || !isWanted(experimentId)) continue;
    const known = database.get(
      `SELECT 1 FROM runs r JOIN trials t ON t.id = r.trial_id JOIN experiments e ON e.id = t.experiment_id
       WHERE r.id = ?`,
      name,
    );
    if (known !== undefined) continue;
    const run = await seeRun(home, name);
    if (run !== null) seen.set(experimentId, [...(seen.get(experimentId) ?? []), run]);
  }
  return seen;
}

export function addRuns(
  home: string,
  database: Database,
  experimentId: number,
  runs: SeenRun[],
  touched: Set<string>,
): void {
  let experiment = readExperiment(database, experimentId);
  if (experiment === null) {
    experiment = experimentRecord(experimentId, runs, (tree) => sizeOf(home, tree));
    if (experiment === null) return;
    putExperiment(database, experiment);
  }
  const trials = Map.groupBy(runs, ({ spec }) => spec.trial);
  for (const [trialId, attempts] of trials) {
    attempts.sort((a, b) => a.spec.attempt - b.spec.attempt);
    const [first, last] = [attempts[0], attempts.at(-1)];
    if (first === undefined || last === undefined) continue;
    touched.add(trialId);
    const known = readTrial(database, trialId);
    const trial = known ?? trialRecord(experiment, last, first.beganAt);
    const isAhead = known === null || last.spec.attempt > known.trial.attempts;
    if (isAhead) {
      endCurrent(database, trial);
      atRun(trial, last);
    }
    putTrial(database, trial);
    for (const run of attempts) {
      const isCurrent = isAhead && run === last;
      if (isCurrent) database.run("DELETE FROM runs WHERE id = ?", run.spec.run);
      putRun(database, runRecord(run, isCurrent));
    }
  }
}

/** A search as it was at a backup would make the trials that came since a second time. @param known the backup's trials */
export function endOldSearch(database: Database, experimentId: number, known: ReadonlySet<string>): void {
  const trials = database.all("SELECT id FROM trials WHERE experiment_id = ?", experimentId);
  const experiment = readExperiment(database, experimentId);
  if (experiment === null || experiment.own.held === "ended") return;
  if (trials.every(({ id }) => known.has(String(id)))) return;
  experiment.own.held = "ended";
  experiment.experiment.warnings = [...experiment.experiment.warnings, SEARCH_ENDED];
  putExperiment(database, experiment);
}

const SEARCH_ENDED =
  "Its search was ended when the pool's database was rebuilt: the backup did not know all of its trials.";

/** A run that the trial was at, and is not any more. */
function endCurrent(database: Database, { trial }: TrialRecord): void {
  if (trial.currentRun === null) return;
  database.run(
    "UPDATE runs SET ended = 1, body = json_set(body, '$.outcome', 'lost') WHERE id = ? AND ended = 0",
    trial.currentRun,
  );
}

function sizeOf(home: string, tree: string): { files: number; bytes: number } {
  try {
    const size = JSON.parse(readFileSync(path.join(home, "trees", `${tree}.json`), "utf8")) as Record<
      string,
      unknown
    >;
    return { files: Number(size.files) || 0, bytes: Number(size.bytes) || 0 };
  } catch {
    return { files: 0, bytes: 0 };
  }
}
