/** Checkpoints that nothing but their manifests knows of. */
import path from "node:path";
import { Uuid } from "../../../protocol/base.ts";
import { Run } from "../../../protocol/entities.ts";
import { readCheckpoint, readManifest } from "../../experiments/checkpoints.ts";
import type { Database } from "../../store/database.ts";
import { namesIn } from "../folders.ts";
import { parsed } from "../poolTables.ts";

export async function addCheckpoints(
  home: string,
  database: Database,
  isWanted: (experimentId: number) => boolean,
  touched: Set<string>,
): Promise<void> {
  const folder = path.join(home, "checkpoints");
  for (const uuid of namesIn(folder)) {
    if (!Uuid.safeParse(uuid).success) continue;
    if (database.get("SELECT 1 FROM checkpoints WHERE uuid = ?", uuid) !== undefined) continue;
    const manifest = await readManifest(folder, uuid).catch(() => null);
    if (manifest === null || !isWanted(Number(manifest.trial.split(".")[0]))) continue;
    const run = parsed(Run, database.get("SELECT body FROM runs WHERE id = ?", manifest.run)?.body);
    if (run === null) continue;
    const read = await readCheckpoint(folder, uuid, run);
    if ("problem" in read) continue;
    const { experimentId, trialId, step, createdAt } = read.checkpoint;
    database.run(
      "INSERT OR IGNORE INTO checkpoints (uuid, experiment_id, trial_id, step, created_at, body) VALUES (?, ?, ?, ?, ?, ?)",
      uuid,
      experimentId,
      trialId,
      step,
      createdAt,
      JSON.stringify(read.checkpoint),
    );
    touched.add(trialId);
  }
}
