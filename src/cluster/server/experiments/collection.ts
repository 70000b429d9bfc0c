/** Collects checkpoints that nobody keeps: first their rows, with a note of the files, then the files. */
import path from "node:path";
import { besideOf } from "../../protocol/captured.ts";
import type { SavePolicy } from "../../protocol/collection.ts";
import { DEFAULT_SAVE_POLICY } from "../../protocol/savePolicy.ts";
import type { ExperimentConfiguration } from "../../protocol/configuration.ts";
import type { Checkpoint } from "../../protocol/entities.ts";
import type { Params, Result } from "../../protocol/methods.ts";
import type { Context } from "./context.ts";
import { originsOf, type Deletion } from "./deletion.ts";
import { freedBy } from "./freedBytes.ts";
import { keptOf } from "./kept.ts";
import { isFinal } from "./rollup.ts";

const MOST_NAMED = 1000;

export type Collection = ReturnType<typeof createCollection>;

/** Null: the configuration says nothing, so all are kept until a person asks for the space. */
export function savePolicyOf({ checkpoint_storage: storage }: ExperimentConfiguration): SavePolicy | null {
  const { save_experiment_best, save_trial_best, save_trial_latest } = storage ?? {};
  if ([save_experiment_best, save_trial_best, save_trial_latest].every((count) => count === undefined))
    return null;
  return {
    experimentBest: save_experiment_best ?? DEFAULT_SAVE_POLICY.experimentBest,
    trialBest: save_trial_best ?? DEFAULT_SAVE_POLICY.trialBest,
    trialLatest: save_trial_latest ?? DEFAULT_SAVE_POLICY.trialLatest,
  };
}

export function createCollection({ pool, store, logger }: Context, deletion: Deletion) {
  /** What the trials of any experiment start from, and what those that have not ended go on from. */
  function neededBy(): Set<string> {
    const origins = store.experimentRecords().flatMap(originsOf);
    const living = store.trialsIn("waiting", "starting", "running", "pausing", "paused", "stopping");
    const resumed = living.flatMap(({ trial, own }) => [
      store.latestCheckpoint(trial.id)?.uuid ?? null,
      own.startFrom?.uuid ?? null,
      trial.currentRun === null
        ? null
        : (store.run(trial.currentRun)?.own.spec.latestCheckpoint?.uuid ?? null),
    ]);
    return new Set([...origins, ...resumed].filter((uuid) => uuid !== null));
  }

  function collectable(experimentId: number | null, policy: SavePolicy) {
    const needed = neededBy();
    const checkpoints = experimentId === null ? store.checkpoints() : store.checkpointsOf(experimentId);
    const going: Checkpoint[] = [];
    for (const [id, of] of Map.groupBy(checkpoints, (checkpoint) => checkpoint.experimentId)) {
      const metric = store.experiment(id)?.experiment.metric ?? null;
      const kept = keptOf({ checkpoints: of, metric, policy, needed });
      going.push(...of.filter(({ uuid }) => !kept.has(uuid)));
    }
    // What stays can be gone on from only with the files that are beside it.
    const goes = new Set(going);
    const stay = checkpoints.filter((checkpoint) => !goes.has(checkpoint));
    const wanted = [...needed].flatMap((uuid) => store.checkpoint(uuid) ?? []);
    const beside = new Set([...stay, ...wanted].flatMap(besideOf));
    const alone = going.filter(({ uuid }) => !beside.has(uuid));
    alone.sort((a, b) => a.createdAt - b.createdAt);
    return { going: alone, kept: checkpoints.length - alone.length };
  }

  async function collect({
    experimentId,
    policy,
    confirm,
  }: Params<"checkpoint/collect">): Promise<Result<"checkpoint/collect">> {
    const asked = collectable(experimentId, policy);
    const bytes = await freedBy(asked.going.map(({ uuid }) => path.join(pool, "checkpoints", uuid)));
    // What became pinned or needed while the files were counted stays.
    const { going, kept } = confirm ? collectable(experimentId, policy) : asked;
    if (confirm && going.length > 0) {
      store.deleteCheckpoints(going);
      await deletion.clear();
    }
    return {
      checkpoints: going
        .slice(0, MOST_NAMED)
        .map(({ uuid, trialId, step, bytes: of }) => ({ uuid, trialId, step, bytes: of })),
      count: going.length,
      bytes,
      kept,
    };
  }

  return {
    collect,
    /** What a trial's own script says it needs no more. Its newest, pinned ones and what others start from stay. May be done twice. */
    async collectUnneeded(trialId: string, uuids: readonly string[]): Promise<void> {
      const needed = neededBy();
      const going = uuids
        .map((uuid) => store.checkpoint(uuid))
        .filter((found) => found !== null)
        .filter((found) => found.trialId === trialId && !found.pinned && !needed.has(found.uuid));
      if (going.length === 0) return;
      store.deleteCheckpoints(going);
      await deletion.clear();
    },
    /** What the configuration of an experiment that has ended says; nothing of one that goes on. May be done twice. */
    async collectEnded(experimentId: number): Promise<void> {
      const record = store.experiment(experimentId);
      if (record === null || !isFinal(record.experiment.state)) return;
      const policy = savePolicyOf(record.own.request.configuration.value);
      if (policy === null) return;
      const { count, bytes } = await collect({ experimentId, policy, confirm: true });
      if (count > 0) logger.info("collected checkpoints", { experiment: experimentId, count, bytes });
      const after = store.experiment(experimentId);
      if (after === null) return;
      delete after.own.isToCollect;
      store.putExperiment(after);
    },
  };
}
