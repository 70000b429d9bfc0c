/** Secrets are there while their experiment lives, and no longer. */
import { rmSync } from "node:fs";
import path from "node:path";
import { blackenManifest, blackenRun } from "../../experiments/blacken.ts";
import { isFinal } from "../../experiments/rollup.ts";
import { createSecretStore } from "../../store/secrets.ts";
import { Experiment } from "../../../protocol/entities.ts";
import type { Checker, Found } from "../finding.ts";
import { namesIn } from "../folders.ts";
import { parsed } from "../poolTables.ts";

export const secretsChecker: Checker = {
  name: "secrets",
  noun: "secrets",
  // eslint-disable-next-line @typescript-eslint/require-await
  async run({ home }, tables) {
    if (tables === null) return [];
    const { database } = tables;
    const folder = path.join(home, "state/secrets");
    const found: Found[] = [];
    for (const name of namesIn(folder)) {
      const id = Number(/^(\d+)\.json$/.exec(name)?.[1]);
      if (!Number.isInteger(id)) continue;
      const row = database.get("SELECT body FROM experiments WHERE id = ?", id);
      const state = row === undefined ? null : parsed(Experiment, row.body)?.state;
      if (state === undefined || (state !== null && !isFinal(state))) continue;
      found.push({
        check: "secrets",
        what: `The secrets of experiment ${id}, which ${state === null ? "is gone" : "has ended"}, are still there.`,
        where: path.join("state/secrets", name),
        severity: "warning",
        repair: "Blacken them in what it printed, then remove them.",
        mend: async () => {
          const values = createSecretStore(folder).read(id);
          for (const run of database.all(
            "SELECT r.id AS id FROM runs r JOIN trials t ON t.id = r.trial_id WHERE t.experiment_id = ?",
            id,
          ))
            await blackenRun(path.join(home, "runs", String(run.id)), values);
          for (const { uuid } of database.all("SELECT uuid FROM checkpoints WHERE experiment_id = ?", id))
            await blackenManifest(path.join(home, "checkpoints", String(uuid)), values);
          rmSync(path.join(folder, name), { force: true });
          return "They are removed.";
        },
      });
    }
    return found;
  },
};
