/** Removes an experiment: first the rows, with a note of the files, then the files; a restart goes on with the notes. */
import { rm } from "node:fs/promises";
import path from "node:path";
import { messageOf } from "../errors.ts";
import type { ExperimentRecord, Leftovers } from "../store/records.ts";
import type { Context } from "./context.ts";
import { freedBy } from "./freedBytes.ts";

/** Something may still be written while it goes. */
const REMOVE = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 };

export type Deletion = ReturnType<typeof createDeletion>;

export function createDeletion(context: Context) {
  const { store, curves, logger } = context;
  const runsFolder = path.join(context.pool, "runs");
  const checkpointsFolder = path.join(context.pool, "checkpoints");
  const treesFolder = path.join(context.pool, "trees");

  /** What would go. Checkpoints that another experiment started from stay, and go with the last of those. */
  function plan(record: ExperimentRecord): Leftovers {
    const { experiment } = record;
    const others = store.experimentRecords().filter((other) => other.experiment.id !== experiment.id);
    const needed = new Set(others.flatMap(originsOf));
    const uuids = store.checkpointsOf(experiment.id).map(({ uuid }) => uuid);
    uuids.push(...originsOf(record).filter((uuid) => store.checkpoint(uuid) === null));
    const trialIds = store.trialsOf(experiment.id).map(({ id }) => id);
    return {
      experimentId: experiment.id,
      tree: others.some((other) => other.experiment.snapshot.tree === experiment.snapshot.tree)
        ? null
        : experiment.snapshot.tree,
      trialIds,
      runIds: trialIds.flatMap((trialId) => store.runsOf(trialId).map(({ id }) => id)),
      checkpointUuids: uuids.filter((uuid) => !needed.has(uuid)),
    };
  }

  async function clear({ experimentId, tree, trialIds, runIds, checkpointUuids }: Leftovers): Promise<void> {
    for (const runId of runIds) await rm(path.join(runsFolder, runId), REMOVE);
    for (const uuid of checkpointUuids) {
      // Without its manifest a checkpoint does not exist, so nobody sees half of one.
      await rm(path.join(checkpointsFolder, uuid, "manifest.json"), { force: true });
      await rm(path.join(checkpointsFolder, uuid), REMOVE);
    }
    for (const trialId of trialIds) curves.delete(trialId);
    // Of one that is still there some checkpoints were collected.
    if (store.experiment(experimentId) === null) context.secrets.delete(experimentId);
    // It may have been submitted again since.
    const isNeeded = store.experiments().some(({ snapshot }) => snapshot.tree === tree);
    if (tree !== null && !isNeeded) await context.snapshots.forget(tree);
  }

  async function clearAll(): Promise<void> {
    for (const { seq, leftovers } of store.leftovers())
      try {
        await clear(leftovers);
        store.forgetLeftovers(seq);
      } catch (error) {
        logger.warn("could not remove all files of what was deleted", {
          experiment: leftovers.experimentId,
          error: messageOf(error),
        });
      }
  }

  return {
    async measure(record: ExperimentRecord): Promise<{ bytes: number; checkpoints: number }> {
      const { tree, trialIds, runIds, checkpointUuids } = plan(record);
      const folders = [
        ...runIds.map((runId) => path.join(runsFolder, runId)),
        ...checkpointUuids.map((uuid) => path.join(checkpointsFolder, uuid)),
        ...(tree === null ? [] : [path.join(treesFolder, tree), path.join(treesFolder, `${tree}.json`)]),
      ];
      const curveBytes = trialIds.reduce((sum, trialId) => sum + curves.bytes(trialId), 0);
      return { bytes: curveBytes + (await freedBy(folders)), checkpoints: checkpointUuids.length };
    },
    /** To be called when nothing of it lives. */
    async delete(record: ExperimentRecord): Promise<void> {
      store.deleteExperiment(plan(record));
      await clearAll();
    },
    /** Removes the files of rows that are gone, also those that a restart left undone. */
    clear: clearAll,
  };
}

/** Checkpoints that its trials start from. */
export function originsOf({ own }: ExperimentRecord): string[] {
  const added = (own.added ?? []).map(({ startFrom }) => startFrom);
  return [own.startFrom?.uuid ?? null, ...added].filter((uuid) => uuid !== null);
}
