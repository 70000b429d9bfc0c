/** Runs a search in memory: each trial reports every `every` units up to what it is allowed, until it is told to stop. */
import { findSearcher } from "../../../src/cluster/search/searchers.ts";
import type {
  Search,
  SearcherEvent,
  SearcherState,
  TrialEnding,
} from "../../../src/cluster/search/searcher.ts";

export interface SimulatedTrial {
  number: number;
  /** Units that it has trained for. */
  trained: number;
  state: "training" | "paused" | "ended";
}
export interface Simulation {
  trials: SimulatedTrial[];
  state: SearcherState;
  /** Every action in the order in which it was decided, as text. */
  log: string[];
}
export interface Script {
  every: number;
  /** A trial ends by itself after so many units. */
  maxTime: number;
  /** What it reports. */
  value: (number: number, trained: number) => number;
  /** Asked before each report: how it ends there instead. */
  ending?: (number: number, trained: number) => TrialEnding | null;
  /** Which of those that train reports next; the first when absent. */
  pick?: (training: readonly SimulatedTrial[]) => SimulatedTrial | undefined;
}

export function simulate(search: Search, script: Script): Simulation {
  const searcher = findSearcher(search.configuration.name);
  if (searcher === undefined) throw new Error(`no searcher ${search.configuration.name}`);
  const trials: SimulatedTrial[] = [];
  const log: string[] = [];
  let state = searcher.begin(search);

  const tell = (event: SearcherEvent): void => {
    const decision = searcher.decide(state, event, search);
    // What is kept is JSON; most reports change nothing.
    if (decision.state !== state) state = JSON.parse(JSON.stringify(decision.state)) as SearcherState;
    for (const action of decision.actions) {
      log.push(`${action.type} ${action.number}`);
      if (action.type === "createTrial") {
        trials.push({ number: action.number, trained: 0, state: "training" });
        continue;
      }
      const trial = trials[action.number - 1];
      if (trial === undefined) throw new Error(`${action.type} of no trial`);
      if (action.type === "stopTrial") end(trial, action.why === "finished" ? "completed" : "stopped");
      else trial.state = action.type === "pauseTrial" ? "paused" : "training";
    }
  };
  const end = (trial: SimulatedTrial, how: TrialEnding): void => {
    trial.state = "ended";
    tell({ type: "trialEnded", number: trial.number, how });
  };

  tell({ type: "started" });
  for (let report = 0; ; report++) {
    if (report > 100_000) throw new Error("the search does not end");
    const training = trials.filter((trial) => trial.state === "training");
    const trial = script.pick?.(training) ?? training[0];
    if (trial === undefined) return { trials, state, log };
    const how = script.ending?.(trial.number, trial.trained) ?? null;
    if (how !== null) {
      end(trial, how);
      continue;
    }
    trial.trained += script.every;
    const value = script.value(trial.number, trial.trained);
    tell({ type: "validated", number: trial.number, value, time: trial.trained });
    if (trial.trained >= script.maxTime && trials[trial.number - 1]?.state === "training")
      end(trial, "completed");
  }
}

/** Trials by the units that they trained for. */
export function trainedOf({ trials }: Simulation): Record<number, number> {
  const found: Record<number, number> = {};
  for (const { trained } of trials) found[trained] = (found[trained] ?? 0) + 1;
  return found;
}
