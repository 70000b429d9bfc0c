/** What a run's result depends on: what its own processes recorded, and what only the pool knows. */
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { JsonObject } from "../../protocol/base.ts";
import type { Slot } from "../../protocol/entities.ts";
import type { Context } from "../experiments/context.ts";
import { createMask } from "../experiments/masking.ts";
import type { ExperimentRecord, RunRecord } from "../store/records.ts";

const MAX_BYTES = 32 * 1024 * 1024;

export async function readProvenance(
  context: Context,
  { run, own }: RunRecord,
  { experiment, own: experimentOwn }: ExperimentRecord,
  known: readonly Slot[],
): Promise<JsonObject> {
  const recorded = await readRecorded(path.join(context.pool, "runs", run.id, "provenance.json"));
  const { snapshot } = experiment;
  const slots = known.filter(({ id }) => run.slots.includes(id));
  const pool: JsonObject = {
    snapshot: { tree: snapshot.tree, takenAt: snapshot.takenAt, root: snapshot.root, head: snapshot.head },
    linked: snapshot.linked,
    leftOut: snapshot.leftOut,
    entrypoint: own.spec.entrypoint,
    directory: own.spec.directory,
    hyperparameters: own.spec.hyperparameters,
    experimentSeed: experimentOwn.experimentSeed,
    trialSeed: own.spec.seed,
    startedFrom: own.spec.latestCheckpoint,
    attempt: run.attempt,
    devices: own.spec.slots.map(({ id, kind, index }) => ({
      id,
      kind,
      index,
      name: slots.find((slot) => slot.id === id)?.name ?? "not seen",
    })),
    secretNames: own.spec.secretNames,
  };
  return createMask(context.secrets.read(experiment.id))({ ...recorded, pool });
}

async function readRecorded(file: string): Promise<JsonObject> {
  try {
    if ((await stat(file)).size > MAX_BYTES) return { recorded: "not seen: provenance.json is too long" };
    return JsonObject.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return { recorded: "not seen: the script did not use trainyard, or has not begun" };
  }
}
