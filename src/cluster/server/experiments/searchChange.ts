/** Changing a search that runs, extending one that has ended, adding a trial: whether it can be, then the engine does it. */
import type { Params, Result } from "../../protocol/methods.ts";
import { sentenceOf, whyNot } from "../../search/change.ts";
import type { SearchChange } from "../../search/searcher.ts";
import { CallError } from "../callError.ts";
import type { ExperimentRecord, StartFrom } from "../store/records.ts";
import type { Context } from "./context.ts";
import type { Engine } from "./engine.ts";
import { isFinal } from "./rollup.ts";
import { missingSecrets } from "./runSpec.ts";
import { plannedOf, searchOf } from "./search.ts";

export function createSearchChange(
  { store }: Context,
  engine: Engine,
  experiment: (id: number) => ExperimentRecord,
) {
  /** New runs of what has ended would lack the secrets that were forgotten with its end. */
  function checkSecrets({ experiment: { id, state }, own }: ExperimentRecord): void {
    if (!isFinal(state) || missingSecrets(own.request.configuration.value, {}).length === 0) return;
    throw new CallError(
      "refused",
      `Experiment ${id} has ended, and its secrets were deleted with that: no further trial can begin.`,
      "Submit it again; its trials can start from a checkpoint of this one.",
    );
  }

  function startFromOf(uuid: string | null): StartFrom | null {
    if (uuid === null) return null;
    const checkpoint = store.checkpoint(uuid);
    if (checkpoint !== null) return { uuid, step: checkpoint.step };
    throw new CallError(
      "notFound",
      `The checkpoint ${uuid} to start from is not in this pool.`,
      "Choose another checkpoint; this one has been deleted.",
    );
  }

  return {
    change({ experimentId, maxTrials, hyperparameters }: Params<"search/change">): Result<"search/change"> {
      const record = experiment(experimentId);
      const change: SearchChange = {
        ...(maxTrials === undefined ? {} : { maxTrials }),
        ...(hyperparameters === undefined ? {} : { hyperparameters }),
      };
      const problem = whyNot(searchOf(record.own), change);
      if (problem !== null)
        throw new CallError("refused", problem, "Submit another search where that is not enough.");
      checkSecrets(record);
      engine.changeSearch(experimentId, change);
      return { trialsPlanned: plannedOf(experiment(experimentId)) };
    },

    add({ experimentId, hyperparameters, startFrom }: Params<"search/addTrial">): Result<"search/addTrial"> {
      const record = experiment(experimentId);
      const search = searchOf(record.own);
      if (search.configuration.name === "single")
        throw new CallError(
          "refused",
          `Experiment ${experimentId} has one trial, and no search that another could be added to.`,
          "Submit the script again with other hyperparameters.",
        );
      const completed = search.space.complete(hyperparameters);
      if ("problems" in completed)
        throw new CallError(
          "invalid",
          `These hyperparameters are not those of the search: ${sentenceOf(completed.problems)}.`,
          `It has ${search.space.ranges.join(", ")}.`,
        );
      const from = startFromOf(startFrom);
      checkSecrets(record);
      return { trialId: engine.addTrial(experimentId, completed.hyperparameters, from) };
    },
  };
}
