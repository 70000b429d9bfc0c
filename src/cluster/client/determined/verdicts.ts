/** What becomes of each thing that a script uses of Determined. Pure. */

export const VERDICTS = ["same", "differs", "not"] as const;
/** `same`: as in Determined; `differs`: it runs, and does something else; `not`: it ends with an error. */
export type Verdict = (typeof VERDICTS)[number];

export interface Judged {
  verdict: Verdict;
  /** What is different, or what to use instead; "" where nothing is. */
  why: string;
}

const DIFFERS: readonly (readonly [name: string, why: string])[] = [
  [
    "context.checkpoint.delete",
    "never removes the trial's newest checkpoint, a pinned one, one of another trial, or single files",
  ],
  [
    "context.searcher.operations",
    "lengths follow from the configuration: max_length, and before it each rung of an ASHA search",
  ],
  ["context.train.upload_tensorboard_files", "uploads nothing: what the script writes stays with its run"],
  ["context.train.set_status", "is a line of the output"],
  ["context.profiler", "does nothing: what a run uses is always recorded"],
  ["context.experimental.report_task_using", "does nothing: there is no registry of models"],
  ["context.configure_apex_amp", "ends with an error: use context.experimental.use_amp()"],
  [
    "determined.launch.horovod",
    "starts one process; more of them only by a launcher of yours as the entrypoint",
  ],
  [
    "determined.launch.deepspeed",
    "starts one process; more of them only by a launcher of yours as the entrypoint",
  ],
  [
    "determined.launch.tensorflow",
    "starts one process; more of them only by a launcher of yours as the entrypoint",
  ],
  ["determined.pytorch.DataLoader", "shuffles by the trial's seed, in another order than Determined's"],
  ["environment.DET_MASTER", "is not set: there is no master"],
  ["environment.DET_SESSION_TOKEN", "is not set: there is no master"],
  ["environment.DET_USER", "is not set: a run is the account's that owns the pool"],
];
const NOT: readonly (readonly [name: string, why: string])[] = [
  [
    "determined.experimental.client.",
    "there is no master to ask: use `trainyard list|show|metrics|checkpoints --json`, or the editor",
  ],
];
const ENVIRONMENT = new Set([
  "DET_TASK_TYPE",
  "DET_TASK_ID",
  "DET_ALLOCATION_ID",
  "DET_EXPERIMENT_ID",
  "DET_TRIAL_ID",
  "DET_TRIAL_RUN_ID",
  "DET_TRIAL_SEED",
  "DET_EXPERIMENT_CONFIG",
  "DET_HPARAMS",
  "DET_STEPS_COMPLETED",
  "DET_SLOT_IDS",
  "DET_LATEST_CHECKPOINT",
  "DET_CHIEF_IP",
]);

/** @param name dotted, from `determined`, `context` or `environment` @param isKnown the stand-in has it */
export function judge(name: string, isKnown: boolean): Judged {
  const differs = DIFFERS.find(([prefix]) => name.startsWith(prefix));
  if (isKnown && differs !== undefined) return { verdict: "differs", why: differs[1] };
  const not = NOT.find(([prefix]) => name.startsWith(prefix));
  if (not !== undefined) return { verdict: "not", why: not[1] };
  if (!isKnown) return { verdict: "not", why: "is not part of Trainyard's own `determined`" };
  const [, variable] = /^environment\.(.*)$/.exec(name) ?? [];
  if (variable !== undefined && !ENVIRONMENT.has(variable))
    return { verdict: "differs", why: "is not set in a run" };
  return { verdict: "same", why: "" };
}
