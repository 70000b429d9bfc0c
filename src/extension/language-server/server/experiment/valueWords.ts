/** What a word that stands for a choice does, and examples where anything is possible. Pure. */
import type { Json } from "../../../../cluster/protocol/base.ts";
import { own } from "../../../../cluster/protocol/own.ts";
import type { Path } from "./document.ts";

const WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "searcher.name": {
    single: "One trial, with constants.",
    random: "`max_trials` trials, each drawn at random; all train to the end.",
    grid: "One trial for every combination; each range needs a `count`.",
    async_halving: "Many trials start; at each of `num_rungs` rungs the best 1/`divisor` go on.",
    adaptive_asha:
      "Several halvings with more and fewer rungs, so that trials that begin slowly have a chance.",
    custom: "Determined's custom searcher: it does not run here.",
    adaptive: "An older searcher of Determined's: it does not run here.",
    adaptive_simple: "An older searcher of Determined's: it does not run here.",
    sync_halving: "An older searcher of Determined's: it does not run here.",
  },
  "searcher.mode": {
    aggressive: "One bracket: most trials are stopped soon.",
    standard: "Half of the possible brackets.",
    conservative: "Every possible bracket: more trials train for long.",
  },
  pass_as: {
    environment: "The script reads hyperparameters with `trainyard.param`, or from `TRAINYARD_PARAMS`.",
    flags: "Each hyperparameter is also passed as `--name=value`.",
  },
  capture: {
    metrics: "Scalars that the script logs with another library.",
    parameters: "Configurations that it tells another library.",
    checkpoints: "Checkpoints that it saves with a library that is known.",
    preemption: "Pausing at the ends of steps of libraries that are known.",
    timing: "Where its steps spend their time.",
  },
  "log_policies.action": {
    cancel_retries: "The trial is not started again after a failure.",
    exclude_node: "The trial is not started again on this host.",
  },
};

const EXAMPLES: Readonly<Record<string, readonly Json[]>> = {
  output_limit: ["10 GiB", "1 GiB", "500 MB", null],
  "searcher.time_metric": ["epoch", "batches"],
  "searcher.max_length": [{ epochs: 10 }, { batches: 1000 }],
  "searcher.metric": ["val_loss", "val_accuracy"],
  "searcher.divisor": [4, 3, 2],
  preemption_timeout: [60, 600, 3600],
  "resources.slots_per_trial": [0, 1, 2, 4, 8],
};

/** @param path of the value, indices of lists in it or not */
export function wordsOf(path: Path, value: unknown): string | null {
  return own(own(WORDS, dotted(path)) ?? {}, String(value)) ?? null;
}

export function examplesOf(path: Path): readonly Json[] {
  return own(EXAMPLES, dotted(path)) ?? [];
}

function dotted(path: Path): string {
  return path.filter((part) => typeof part === "string").join(".");
}
