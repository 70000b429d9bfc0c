/** Keys of Determined's that have no effect here: what does the same. Pure. */
import { own } from "../../protocol/own.ts";

const INSTEAD: Readonly<Record<string, string>> = {
  bind_mounts:
    "A run sees this host's own folders: use them by their paths, or let `data:` say where they are.",
  "environment.image": "Runs use the host's Python: name one with `environment.python`, `conda` or `venv`.",
  "environment.force_pull_image": "There are no images.",
  "environment.registry_auth": "There are no images.",
  "checkpoint_storage.type": "Checkpoints are in the pool's own folder.",
  profiling: "What a run uses of GPUs, CPU and memory is always recorded.",
  "resources.resource_pool": "The pool is chosen at the submit.",
  "resources.shm_size": "A run has all of the host's /dev/shm.",
  retention_policy: "Output is kept up to `output_limit`.",
  slurm: "A submit goes to a pool of one host.",
  pbs: "A submit goes to a pool of one host.",
  tensorboard_storage: "What the script writes stays with the run.",
};

/** A sentence to follow, or "". @param key dotted */
export function insteadOf(key: string): string {
  const sentence = own(INSTEAD, key);
  return sentence === undefined ? "" : ` ${sentence}`;
}
