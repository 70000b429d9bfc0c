/** Rows of runs against folders of runs. */
import { existsSync } from "node:fs";
import path from "node:path";
import { RunId } from "../../../protocol/entities.ts";
import type { Checker, Found } from "../finding.ts";
import { namesIn } from "../folders.ts";
import { fillIn } from "../rebuild/fillIn.ts";

export const runsChecker: Checker = {
  name: "runs",
  noun: "runs",
  async run(checking, tables) {
    if (tables === null) return [];
    const { home, lostAndFound } = checking;
    // The rows first: a run's folder comes after its row.
    const rows = tables.runs();
    const [known, going] = [new Set(rows.map(({ id }) => id)), tables.going()];
    const found: Found[] = [];
    for (const run of rows) {
      await checking.breathe();
      // One that never began may have none, and one that begins has none yet.
      const isExpected =
        run.hasEnded && !run.filesAreGone && run.outcome !== "unstarted" && run.outcome !== "lost";
      if (!isExpected || existsSync(path.join(home, "runs", run.id))) continue;
      found.push({
        check: "runs",
        what: `The files of run ${run.id} are gone: its output, and what its script wrote.`,
        where: path.join("runs", run.id),
        severity: "error",
        repair: "Mark them as gone: nothing brings them back, and it is not said again.",
        mend: () => {
          tables.database.run(
            "UPDATE runs SET own = json_set(own, '$.filesAreGone', json('true')) WHERE id = ?",
            run.id,
          );
          return "They are marked as gone.";
        },
      });
    }
    for (const name of namesIn(path.join(home, "runs"))) {
      if (!RunId.safeParse(name).success || known.has(name) || going.has(name)) continue;
      const where = path.join("runs", name);
      const canRebuild = existsSync(path.join(home, where, "spec.json"));
      found.push({
        check: "runs",
        what: `There is a folder of run ${name}, of which the database knows nothing.`,
        where,
        severity: "warning",
        repair: canRebuild ? "List it again, from what its files say." : "Move it to lost+found.",
        mend: async () => {
          if (canRebuild)
            await fillIn(checking, tables.database, { experimentId: Number(name.split(".")[0]) });
          if (tables.ids("runs").has(name)) return "It is listed again.";
          lostAndFound.take(where);
          return "It was moved to lost+found: its files do not say enough.";
        },
      });
    }
    return found;
  },
};
