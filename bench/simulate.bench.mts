// A search of 1,000 trials with up to 1,000 reports each on 64 slots, on a virtual clock, through the searcher and the scheduler
// that pools have: once with every trial trained to its end (a million reports), once under adaptive_asha with its stops.
import { ExperimentConfiguration } from "../src/cluster/protocol/configuration.ts";
import { RandomStream } from "../src/cluster/search/random.ts";
import type { Search, SearcherEvent } from "../src/cluster/search/searcher.ts";
import { findSearcher } from "../src/cluster/search/searchers.ts";
import { readSpace } from "../src/cluster/search/space.ts";
import { rounded } from "./statistics.mts";
import { createVirtualPool } from "./virtual/pool.ts";

const TRIALS = 1000;
const REPORTS = 1000;
const SLOTS = 64;
const STEP_MS = 1000;

function searchBy(name: "random" | "adaptive_asha"): Search {
  const { searcher, hyperparameters } = ExperimentConfiguration.parse({
    hyperparameters: { rate: { type: "double", minval: 0, maxval: 10 } },
    searcher: {
      name,
      metric: "loss",
      max_trials: TRIALS,
      max_concurrent_trials: 2 * SLOTS,
      ...(name === "adaptive_asha" && { max_time: REPORTS }),
    },
  });
  const read = readSpace(hyperparameters);
  if ("problems" in read) throw new Error("the space is wrong");
  return { configuration: searcher, space: read.space, experimentSeed: 7 };
}

function simulate(search: Search) {
  const searcher = findSearcher(search.configuration.name);
  if (searcher === undefined) throw new Error("no such searcher");
  let state = searcher.begin(search);
  const noise = new RandomStream({ seed: 1, taken: 0 });
  const rates = new Map<number, number>();
  const counts = { reports: 0, decisions: 0, stopped: 0 };
  const pool = createVirtualPool({
    slots: SLOTS,
    reportEveryMs: STEP_MS,
    moveCostMs: 30_000,
    onDecision: () => counts.decisions++,
    onReport({ id }, trainedMs) {
      counts.reports++;
      const time = trainedMs / STEP_MS;
      const value = Math.exp((-(rates.get(Number(id)) ?? 0) * time) / REPORTS) + 0.01 * noise.unit();
      tell({ type: "validated", number: Number(id), value, time });
    },
    onEnd({ id }, how) {
      tell({ type: "trialEnded", number: Number(id), how });
    },
  });

  function tell(event: SearcherEvent): void {
    const decided = searcher?.decide(state, event, search);
    if (decided === undefined) return;
    state = decided.state;
    for (const action of decided.actions) {
      const id = String(action.number);
      if (action.type === "createTrial") {
        rates.set(action.number, Number(action.hyperparameters.rate));
        const lengthMs = REPORTS * STEP_MS;
        const fractionAt = (trainedMs: number) => trainedMs / lengthMs;
        pool.add({ id, experimentId: 1, slots: 1, arrivesMs: pool.now(), lengthMs, fractionAt });
      } else if (action.type === "stopTrial") {
        if (action.why === "beaten") counts.stopped++;
        pool.stop(id);
      }
    }
  }

  const begin = performance.now();
  tell({ type: "started" });
  const outcomes = pool.run();
  return { ...counts, trials: outcomes.length, seconds: rounded((performance.now() - begin) / 1000, 2) };
}

export function run() {
  const all = simulate(searchBy("random"));
  const asha = simulate(searchBy("adaptive_asha"));
  return Promise.resolve({
    trials: all.trials,
    reports: all.reports,
    decisions: all.decisions,
    seconds: all.seconds,
    ashaTrials: asha.trials,
    ashaReports: asha.reports,
    ashaStopped: asha.stopped,
    ashaSeconds: asha.seconds,
  });
}
