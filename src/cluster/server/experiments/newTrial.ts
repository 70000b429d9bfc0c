import type { SearcherAction } from "../../search/searcher.ts";
import type { ExperimentRecord, TrialRecord } from "../store/records.ts";
import { timeSince } from "./trialTime.ts";

/** A trial as the searcher proposes it: at the end of the queue. */
export function newTrial(
  { experiment }: ExperimentRecord,
  { number, hyperparameters, seed }: Extract<SearcherAction, { type: "createTrial" }>,
): TrialRecord {
  return {
    trial: {
      id: `${experiment.id}.${number}`,
      experimentId: experiment.id,
      number,
      state: "waiting",
      waitReason: "Waits for its turn.",
      hyperparameters,
      parameters: {},
      seed,
      createdAt: Date.now(),
      startedAt: null,
      endedAt: null,
      attempts: 0,
      restarts: 0,
      currentRun: null,
      slots: [],
      latestStep: null,
      progress: null,
      best: null,
      latestCheckpoint: null,
      pausable: { possible: true, reason: null },
      nan: null,
      failure: null,
      warnings: [],
      name: null,
      notes: "",
      labels: [],
      starred: false,
    },
    own: {
      queuedAt: Date.now(),
      time: timeSince(Date.now()),
      asked: null,
      hasProgress: false,
      control: null,
      notBefore: 0,
      invalidHyperparameters: null,
      warningCodes: [],
    },
  };
}
