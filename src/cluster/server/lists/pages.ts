/** Pages of lists: which rows, found in the index; what they are, read from the store. */
import { CallError } from "../callError.ts";
import type { Experiment, Trial } from "../../protocol/entities.ts";
import type { Params, Result } from "../../protocol/methods.ts";
import { bestFirst, firstOf } from "../../protocol/trialOrder.ts";
import type { PoolStore } from "../store/poolStore.ts";
import { createListIndex } from "./listIndex.ts";
import { type ListedExperiment, type ListedRow, parseListFilter } from "./rows.ts";
import { slices } from "../slices.ts";

export type Lists = ReturnType<typeof createLists>;

export function createLists(store: PoolStore) {
  const index = createListIndex(store);

  /** Those that are still there. */
  const experimentsOf = (ids: readonly number[]): Experiment[] =>
    ids.flatMap((id) => store.experiment(id)?.experiment ?? []);

  /** Of experiments that have one trial: it is shown in their row. */
  const onlyTrials = (experiments: readonly Experiment[]): Trial[] =>
    experiments
      .filter(({ searcher }) => searcher === "single")
      .flatMap(({ id }) => store.trialsAfter(id, 0, 1));

  return {
    warm: () => {
      index.warm();
    },
    close: () => index.close(),

    /** What runs, what waits, and so many of the newest. Without an await: it is of one moment. */
    bounded(count: number): Omit<NonNullable<Result<"subscribe">["snapshot"]>, "slots"> {
      const newest = store.experimentsBefore(null, count);
      const from = newest.length < count ? 1 : (newest.at(-1)?.id ?? 1);
      const experiments = [...newest, ...store.livelyExperiments(from)].reverse();
      const holding = store.trialsIn("starting", "running", "pausing", "stopping").map(({ trial }) => trial);
      const trials = new Map([...onlyTrials(experiments), ...holding].map((trial) => [trial.id, trial]));
      const runs = holding.flatMap(({ currentRun }) =>
        currentRun === null ? [] : (store.run(currentRun)?.run ?? []),
      );
      const total = store.experimentCount();
      return {
        experiments,
        trials: [...trials.values()],
        runs,
        checkpoints: [],
        beyond: { total, from },
      };
    },

    async experiments(asked: Params<"experiment/page">): Promise<Result<"experiment/page">> {
      const { before, folders, script, endedAfter, limit } = asked;
      const matches = filterOf(asked.filter);
      const entries = matches === null ? await index.experiments() : await index.withTrials();
      const pause = slices();
      const found: number[] = [];
      let total = 0;
      for (const [id, { experiment, trials }] of [...entries].reverse()) {
        if (before !== null && id >= before) continue;
        if (folders !== null && !folders.some((folder) => isIn(experiment.workspace, folder))) continue;
        if (script !== null && !isScript(experiment, script)) continue;
        if (endedAfter !== null && (experiment.endedAt ?? 0) <= endedAfter) continue;
        if (matches !== null) {
          const rows = trials === null || trials.size === 0 ? [null] : trials.values();
          if (!some(rows, (trial) => matches({ experiment, trial }))) continue;
          await pause();
        }
        total++;
        if (found.length < limit) found.push(id);
      }
      const experiments = experimentsOf(found);
      return { experiments, trials: onlyTrials(experiments), total };
    },

    async trials(asked: Params<"trial/page">): Promise<Result<"trial/page">> {
      const { experimentId, states, offset, limit } = asked;
      const matches = filterOf(asked.filter);
      const entry = await index.withTrialsOf(experimentId);
      if (entry === null) throw notFound(experimentId);
      const { experiment, trials } = entry;
      const wanted = [...(trials?.values() ?? [])].filter(
        (trial) =>
          (states === null || states.includes(trial.state)) &&
          (matches === null || matches({ experiment, trial })),
      );
      const shown = firstOf(wanted, offset + limit, bestFirst(experiment.metric)).slice(offset);
      return {
        trials: shown.flatMap(({ number }) => store.trial(`${experimentId}.${number}`)?.trial ?? []),
        total: wanted.length,
      };
    },

    trial({ trialId }: Params<"trial/get">): Result<"trial/get"> {
      const trial = store.trial(trialId)?.trial;
      const experiment = trial && store.experiment(trial.experimentId)?.experiment;
      if (trial === undefined || experiment === undefined)
        throw new CallError(
          "notFound",
          `There is no trial ${trialId} in this pool.`,
          "It may have been deleted.",
        );
      return {
        experiment,
        trial,
        runs: store.runsOf(trialId),
        checkpoints: store.checkpointsOfTrial(trialId),
      };
    },

    part({ experimentId, after, limit }: Params<"experiment/read">): Result<"experiment/read"> {
      const experiment = store.experiment(experimentId)?.experiment;
      if (experiment === undefined) throw notFound(experimentId);
      const trials = store.trialsAfter(experimentId, after, limit);
      const last = trials.at(-1)?.number ?? after;
      return {
        experiment,
        trials,
        runs: store.runsBetween(experimentId, after + 1, last),
        checkpoints: store.checkpointsBetweenTrials(experimentId, after + 1, last),
        next: trials.length < limit ? null : last,
      };
    },
  };
}

/** @returns null where everything matches @throws CallError for a filter that cannot be read */
function filterOf(text: string): ((row: ListedRow) => boolean) | null {
  if (text.trim() === "") return null;
  const { matches, error } = parseListFilter(text);
  if (matches === null) throw new CallError("invalid", `The filter cannot be read: ${error}`);
  return matches;
}

function notFound(experimentId: number): CallError {
  return new CallError(
    "notFound",
    `There is no experiment ${experimentId} in this pool.`,
    "It may have been deleted.",
  );
}

/** Paths of the person's machine, which may be a Windows. */
function isIn(place: string, folder: string): boolean {
  if (!place.startsWith(folder)) return false;
  return place.length === folder.length || /[\\/]$/.test(folder) || /[\\/]/.test(place[folder.length] ?? "");
}

function isScript({ workspace, fields }: ListedExperiment, script: string): boolean {
  if (workspace === "" || !isIn(script, workspace)) return false;
  const relative = script.slice(workspace.length).replace(/^[\\/]/, "");
  return (workspace.includes("\\") ? relative.replaceAll("\\", "/") : relative) === fields.script;
}

function some<T>(items: Iterable<T>, test: (item: T) => boolean): boolean {
  for (const item of items) if (test(item)) return true;
  return false;
}
