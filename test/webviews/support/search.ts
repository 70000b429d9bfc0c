/** A search as the real searcher decides it, over made-up trials. */
import type { Trial, TrialState } from "../../../src/cluster/protocol/entities.ts";
import type { SearchState } from "../../../src/cluster/protocol/search.ts";
import { ExperimentConfiguration } from "../../../src/cluster/protocol/configuration.ts";
import { searchStateOf } from "../../../src/cluster/server/experiments/searchState.ts";
import type { ExperimentRecord } from "../../../src/cluster/server/store/records.ts";
import { simulate } from "../../cluster/search/simulate.ts";
import { searchOf } from "../../cluster/search/searchOf.ts";
import { experiment, NOW, trial } from "./fixtures.ts";

export interface MadeSearch {
  trials: Trial[];
  search: SearchState;
}

/** @param random the same numbers each time, -0.5 to 0.5 */
export function madeSearch(count: number, random: () => number): MadeSearch {
  const searcher = {
    name: "adaptive_asha",
    metric: "val_loss",
    max_trials: count,
    max_time: 81,
    time_metric: "epochs",
    divisor: 3,
    mode: count < 100 ? ("aggressive" as const) : ("standard" as const),
    max_rungs: count < 100 ? 3 : 4,
    max_concurrent_trials: 8,
  };
  const spaces = Array.from({ length: count + 20 }, () => ({
    lr: 10 ** (-3 + 4 * random()),
    model: { width: [32, 64, 128, 256][Math.floor((random() + 0.5) * 4)] ?? 32 },
    optimizer: random() > 0 ? "adam" : "sgd",
    momentum: 0.9,
  }));
  // One in forty diverges.
  const ends = spaces.map(({ lr }) =>
    random() > 0.475
      ? 40 + 300 * (random() + 0.5)
      : 0.06 + 0.12 * Math.log10(lr / 2e-3) ** 2 + 0.1 * (random() + 0.5),
  );
  const configuration = { ...searchOf(searcher), experimentSeed: 1 };
  const valueOf = (number: number, trained: number) => {
    const end = ends[number - 1] ?? 1;
    return end + (2.3 - Math.min(2, end)) * Math.exp(-trained / (6 + 40 * end));
  };
  const simulated = simulate(configuration, {
    every: 1,
    maxTime: 81,
    value: valueOf,
    ending: (number, trained) => (number % 37 === 5 && trained > 2 ? "failed" : null),
    pick: (training) => training[Math.floor((random() + 0.5) * training.length)],
  });
  const hyperparameters = {
    lr: { type: "log", minval: -5, maxval: -1, base: 10 },
    model: { width: { type: "categorical", vals: [32, 64, 128, 256] } },
    optimizer: { type: "categorical", vals: ["adam", "sgd"] },
    momentum: 0.9,
  };
  const record = {
    experiment: experiment({ searcher: "adaptive_asha", trialsPlanned: count }),
    own: {
      searcher: simulated.state,
      experimentSeed: 1,
      request: { configuration: { value: ExperimentConfiguration.parse({ searcher, hyperparameters }) } },
    },
  } as unknown as ExperimentRecord;
  const search = searchStateOf(record);
  const finished = new Set(
    search.brackets?.flatMap(({ rungs }) => rungs.at(-1)?.entries.map(({ trialId }) => trialId)),
  );
  const trials = simulated.trials.map(({ number, trained }) => {
    const id = `12.${number}`;
    const hasFailed = number % 37 === 5 && trained < 81;
    const state: TrialState = hasFailed ? "failed" : finished.has(id) ? "completed" : "stopped";
    return trial({
      id,
      number,
      state,
      endedAt: NOW,
      hyperparameters: spaces[number - 1] ?? {},
      parameters: {},
      latestStep: trained * 90,
      progress: trained / 81,
      best: {
        value: valueOf(number, trained),
        step: trained * 90,
        at: NOW - (13 - (12 * number) / count) * 60_000,
      },
      currentRun: `${id}.1`,
      slots: [],
    });
  });
  return { trials, search };
}
