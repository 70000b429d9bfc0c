/** A new pool.sqlite in place of a damaged or lost one. */
import { existsSync } from "node:fs";
import path from "node:path";
import { openDatabase } from "../../store/database.ts";
import type { Checking, Found } from "../finding.ts";
import { RunId } from "../../../protocol/entities.ts";
import { look, namesIn } from "../folders.ts";
import { readTables } from "../poolTables.ts";
import { fillIn } from "./fillIn.ts";
import { backupFiles, openDamaged } from "./sources.ts";

const FILES = ["state/pool.sqlite", "state/pool.sqlite-wal", "state/pool.sqlite-shm"];

/** The database is not there, or empty, and there are runs. */
export function isLost(home: string): boolean {
  const isThere = (look(path.join(home, "state/pool.sqlite"))?.size ?? 0) > 0;
  return !isThere && hasRuns(home);
}

const hasRuns = (home: string): boolean =>
  namesIn(path.join(home, "runs")).some((name) => RunId.safeParse(name).success);

/** @param what is wrong with the database that is there */
export function needsRebuilding(checking: Checking, what: string): Found {
  const [newest] = backupFiles(checking.home);
  const from =
    newest === undefined
      ? "the folders of the runs (there is no backup)"
      : `its backup of ${new Date(newest.at).toISOString().slice(0, 16).replace("T", " ")} UTC and the folders of the runs`;
  return {
    check: "database",
    what,
    where: "state/pool.sqlite",
    severity: "error",
    repair: `Rebuild it from what of it can be read, ${from}. Names, notes and priorities that were given since that backup may be lost; the damaged file goes to lost+found.`,
    mend: () => rebuildDatabase(checking),
  };
}

async function rebuildDatabase(checking: Checking): Promise<string> {
  const { home, version, lostAndFound } = checking;
  const file = path.join(home, FILES[0] ?? "");
  const salvaged = existsSync(file) ? openDamaged(file) : null;
  try {
    for (const each of FILES) lostAndFound.take(each);
    const database = openDatabase(file, version);
    try {
      const used = await fillIn(checking, database, null, salvaged);
      // Numbers of experiments are never given twice, and clients see that their numbers of events are of another time.
      const last = Math.max(
        0,
        ...namesIn(path.join(home, "runs")).map((name) => Number(name.split(".")[0]) || 0),
      );
      raise(database, "experiments", last);
      raise(database, "events", Math.floor(Date.now() / 1000));
      const { experiments, trials, checkpoints } = readTables(database).counts();
      return `It was rebuilt from ${used.join(", ") || "nothing"}: ${experiments} experiments, ${trials} trials, ${checkpoints} checkpoints.`;
    } finally {
      database.close();
    }
  } finally {
    salvaged?.close();
  }
}

function raise(database: ReturnType<typeof openDatabase>, table: string, least: number): void {
  const known = database.get("SELECT seq FROM sqlite_sequence WHERE name = ?", table);
  if (known === undefined)
    database.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table, least);
  else database.run("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", least, table);
}
