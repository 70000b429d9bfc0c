/** The checkpoint that an experiment's trials start from: the one that was named, or the best of a trial that was. */
import { CallError } from "../callError.ts";
import type { SearcherConfiguration } from "../../protocol/configuration.ts";
import type { Checkpoint } from "../../protocol/entities.ts";
import type { SubmitRequest } from "../../protocol/methods.ts";
import type { StartFrom } from "../store/records.ts";
import type { Context } from "./context.ts";

/** A checkpoint that is asked for goes before the configuration's. @throws CallError when there is none */
export function startFromOf(
  { store }: Context,
  { startFrom, configuration }: Pick<SubmitRequest, "startFrom" | "configuration">,
): StartFrom | null {
  const { searcher } = configuration.value;
  if (startFrom !== null) {
    const checkpoint = store.checkpoint(startFrom);
    if (checkpoint !== null) return { uuid: checkpoint.uuid, step: checkpoint.step };
    throw new CallError(
      "notFound",
      `The checkpoint ${startFrom} to start from is not in this pool.`,
      "Choose another checkpoint; this one has been deleted.",
    );
  }
  const { source_trial_id: source } = searcher;
  if (source === undefined || source === null) return null;
  const trial = store.trial(String(source))?.trial;
  if (trial === undefined)
    throw new CallError(
      "notFound",
      `The trial ${source} to start from (\`searcher.source_trial_id\`) is not in this pool.`,
      'Name a trial as the tree does, in quotes: "12.3".',
    );
  const best = bestOf(
    store.checkpointsOf(trial.experimentId).filter(({ trialId }) => trialId === trial.id),
    searcher,
  );
  if (best !== null) return { uuid: best.uuid, step: best.step };
  throw new CallError(
    "notFound",
    `The trial ${source} to start from (\`searcher.source_trial_id\`) has no checkpoint.`,
    "Name another one, or a checkpoint with `source_checkpoint_uuid`.",
  );
}

/** By the searcher's metric; without one, or without its values, the newest. */
function bestOf(
  checkpoints: readonly Checkpoint[],
  { metric, smaller_is_better }: SearcherConfiguration,
): Checkpoint | null {
  const valueOf = ({ metrics }: Checkpoint) =>
    metric === undefined ? undefined : (metrics[metric] ?? metrics[`validation/${metric}`]);
  const sign = smaller_is_better ? 1 : -1;
  let best: Checkpoint | null = null;
  for (const checkpoint of checkpoints) {
    const [value, other] = [valueOf(checkpoint), best === null ? undefined : valueOf(best)];
    const isBetter =
      value !== undefined && other !== undefined
        ? sign * (value - other) <= 0
        : value !== undefined || other === undefined;
    if (isBetter) best = checkpoint;
  }
  return best;
}
