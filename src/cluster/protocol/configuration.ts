/**
 * The experiment configuration, with the names that Determined's users know. Every key of theirs is accepted; what means
 * nothing here, or not yet, is a warning (`notes`), never an error. An unknown key is an error with a suggestion.
 */
import * as z from "zod";
import { parseByteSize } from "./byteSize.ts";
import { Json, JsonObject, PoolPath, RelativePath } from "./base.ts";
import { CAPTURE_PARTS, type SpecSlot } from "./runDirectory.ts";

const Variables = z.union([
  z.array(z.string()),
  z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
]);
/** Determined's form: what is added on which kind of slots. */
const VariablesByDevice = z.strictObject({
  cpu: Variables.optional(),
  cuda: Variables.optional(),
  rocm: Variables.optional(),
  gpu: Variables.optional(),
});

const Environment = z
  .strictObject({
    python: z
      .string()
      .min(1)
      .optional()
      .describe("Interpreter: a path, absolute or relative to the workspace."),
    conda: z.string().min(1).optional().describe("A conda environment instead: its name, or its folder."),
    venv: z
      .string()
      .min(1)
      .optional()
      .describe("A virtual environment instead: its folder, absolute or relative to the workspace."),
    environment_variables: z
      .union([Variables, VariablesByDevice])
      .optional()
      .describe(
        "NAME=VALUE lines or a map; or one of these for each of cpu, cuda, rocm. A value `${secret:NAME}` comes from the editor's secret storage.",
      ),
    image: Json.optional(),
    proxy_ports: Json.optional(),
    ports: Json.optional(),
    force_pull_image: Json.optional(),
    registry_auth: Json.optional(),
    add_capabilities: Json.optional(),
    drop_capabilities: Json.optional(),
    pod_spec: Json.optional(),
  })
  .describe("Where the script runs.");

const Length = z.union([
  z.number().int().positive(),
  z.partialRecord(z.enum(["batches", "records", "epochs"]), z.number().int().nonnegative()),
]);

const SearcherConfiguration = z.strictObject({
  name: z
    .enum([
      "single",
      "random",
      "grid",
      "async_halving",
      "adaptive_asha",
      "custom",
      "adaptive",
      "adaptive_simple",
      "sync_halving",
    ])
    .default("single"),
  metric: z
    .string()
    .min(1)
    .optional()
    .describe("The metric that says which trial, and which checkpoint, is best."),
  smaller_is_better: z.boolean().default(true),
  source_trial_id: z
    .string('name a trial as the tree does, in quotes: "12.3"') // 12.10 without them is 12.1
    .regex(/^\d{1,9}\.\d{1,9}$/, 'name a trial as the tree does, in quotes: "12.3"')
    .nullable()
    .optional()
    .describe("Every trial starts from this trial's best checkpoint, by the searcher's metric."),
  source_checkpoint_uuid: z.string().nullable().optional(),
  max_trials: z.number().int().positive().max(1_000_000).optional(),
  max_concurrent_trials: z.number().int().nonnegative().optional(),
  max_length: Length.optional(),
  time_metric: z.string().optional(),
  max_time: z.number().positive().optional(),
  mode: z.enum(["aggressive", "standard", "conservative"]).optional(),
  divisor: z.number().gt(1).optional(),
  max_rungs: z.number().int().positive().optional(),
  num_rungs: z.number().int().positive().optional(),
  bracket_rungs: z.array(z.number().int().positive()).optional(),
  stop_once: z.boolean().nullable().optional(),
  unit: z.string().optional(),
});

export type SearcherConfiguration = z.infer<typeof SearcherConfiguration>;

const Resources = z.strictObject({
  slots_per_trial: z
    .number()
    .int()
    .nonnegative()
    .default(1)
    .describe("Slots (GPUs) of one trial; 0 runs without one."),
  max_slots: z.number().int().positive().nullable().optional(),
  weight: z.number().positive().optional(),
  priority: z.number().int().min(1).max(99).nullable().optional(),
  resource_pool: z.string().optional(),
  is_single_node: z.boolean().nullable().optional(),
  shm_size: z.union([z.string(), z.number()]).optional(),
  devices: Json.optional(),
  slots: Json.optional(),
  native_parallel: Json.optional(),
  agent_label: Json.optional(),
});

const LogAction = z.enum(["cancel_retries", "exclude_node"]);
/** What a line of output means for its trial. Without an action it is only a label. */
const LogPolicy = z
  .strictObject({
    name: z.string().trim().min(1).max(50).optional().describe("The label that the trial gets."),
    pattern: z
      .string()
      .min(1)
      .max(1000)
      .nullable()
      .optional()
      .describe(
        "A regular expression in RE2's words, looked for in each line. Without one, a policy of this name ends.",
      ),
    action: z
      .union([LogAction, z.strictObject({ type: LogAction })])
      .nullable()
      .optional()
      .describe("`cancel_retries`: the trial is not started again. `exclude_node`: not on this host."),
  })
  .refine(({ name, pattern, action }) => (pattern ? (name ?? action ?? null) !== null : name !== undefined), {
    error: "needs a `pattern`, and a `name` or an `action`",
  });

const LEAST_OUTPUT_BYTES = 16 * 1024 * 1024;
const DEFAULT_OUTPUT_BYTES = 10 * 1024 ** 3;
const OutputLimit = z
  .union([z.number(), z.string()])
  .nullable()
  .refine((value) => value === null || (parseByteSize(String(value)) ?? 0) >= LEAST_OUTPUT_BYTES, {
    error: "is a size of 16 MiB or more, such as 10 GiB or 500 MB, or null for no limit",
  })
  .describe(
    "How large stdout and stderr may each become, such as `10 GiB` (the default): beyond it the oldest output is dropped. `null`: no limit.",
  );

const Capture = z
  .union([z.boolean(), z.array(z.enum(CAPTURE_PARTS))])
  .describe(
    "What is taken from what the script tells TensorBoard, W&B and others: `false` for nothing, or a list of `metrics`, `parameters`, `checkpoints`, `preemption`, `timing` (all).",
  );

const Saved = z.number().int().nonnegative().max(1_000_000);
/** Of Determined's keys those that say what is kept; where checkpoints lie is the pool's to say. */
const CheckpointStorage = z.looseObject({
  save_experiment_best: Saved.optional().describe(
    "Once the experiment has ended: its best checkpoints that are kept. With none of the three, all are kept.",
  ),
  save_trial_best: Saved.optional().describe("The best of each trial that are kept; 1 unless it is said."),
  save_trial_latest: Saved.optional().describe(
    "The newest of each trial that are kept; 1 unless it is said.",
  ),
});
export const KEYS_OF_CHECKPOINT_STORAGE: readonly string[] = Object.keys(CheckpointStorage.shape);

/** Keys of Determined's for trainers of a PyTorchTrial; without effect for any other script. */
const ofTrialClasses = {
  checkpoint_policy: Json.optional(),
  min_checkpoint_period: Json.optional(),
  min_validation_period: Json.optional(),
  perform_initial_validation: Json.optional(),
  scheduling_unit: Json.optional(),
  optimizations: Json.optional(),
};
/** Keys of Determined's that are read and have no effect here (a note names each). */
const withoutEffect = {
  records_per_epoch: Json.optional(),
  bind_mounts: Json.optional(),
  retention_policy: Json.optional(),
  profiling: Json.optional(),
  integrations: Json.optional(),
  slurm: Json.optional(),
  pbs: Json.optional(),
  debug: Json.optional(),
  data_layer: Json.optional(),
  internal: Json.optional(),
  security: Json.optional(),
  tensorboard_storage: Json.optional(),
};

const TRIAL_CLASS = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$/;

/** Determined's `module:Class`: a PyTorchTrial that a trainer of ours trains. */
export function isTrialClass(entrypoint: ExperimentConfiguration["entrypoint"]): entrypoint is string {
  return typeof entrypoint === "string" && TRIAL_CLASS.test(entrypoint);
}

/** Keys at the top that mean nothing for such an entrypoint. */
export function keysWithoutEffect(entrypoint: ExperimentConfiguration["entrypoint"]): string[] {
  const words = typeof entrypoint === "string" ? entrypoint.split(/\s+/) : (entrypoint ?? []);
  const trains = isTrialClass(entrypoint) || words.some((word) => /^--trial(=|$)/.test(word));
  return [...Object.keys(withoutEffect), ...(trains ? [] : Object.keys(ofTrialClasses))];
}

/** An entry of `data:` that says where a path of the workspace is on which pool; every other entry is free. */
export const DataMap = z.strictObject({
  path: z
    .string()
    .transform((path) => path.replace(/^(\.\/+)+/, "").replace(/\/+$/, ""))
    .pipe(RelativePath),
  /** By the pools' names; `local` is this machine's. */
  pools: z.record(z.string().min(1), PoolPath),
});

export function isDataMap(value: unknown): value is z.input<typeof DataMap> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 2 && "path" in value && "pools" in value;
}

export const ExperimentConfiguration = z.strictObject({
  name: z.string().min(1).max(250).optional().describe("What the experiment is called in trees and panels."),
  description: z.string().nullable().optional(),
  labels: z.array(z.string()).optional(),
  workspace: z.string().optional(),
  project: z.string().optional(),
  data: JsonObject.default({}).describe(
    "Your own; paths here that git ignores are linked into the run. `{path, pools: {NAME: PATH}}` says where a path is on a pool.",
  ),
  entrypoint: z.union([z.string().min(1), z.array(z.string()).min(1)]).optional(),
  pass_as: z
    .enum(["environment", "flags"])
    .default("environment")
    .describe("`flags` also passes each hyperparameter as `--name=value`."),
  hyperparameters: JsonObject.default({}),
  searcher: SearcherConfiguration.prefault({}),
  resources: Resources.prefault({}),
  max_restarts: z.number().int().nonnegative().default(5),
  preemption_timeout: z
    .number()
    .int()
    .positive()
    .nullable()
    .optional()
    .describe("Seconds until a trial that was asked to pause is killed."),
  reproducibility: z
    .strictObject({ experiment_seed: z.number().int().min(0).max(2147483647).optional() })
    .prefault({}),
  environment: Environment.prefault({}),
  checkpoint_storage: CheckpointStorage.nullable().optional(),
  log_policies: z.array(LogPolicy).max(100).default([]),
  output_limit: OutputLimit.optional(),
  capture: Capture.optional(),
  resume_lost: z
    .boolean()
    .default(true)
    .describe(
      "Whether a trial goes on from its checkpoint after its run was lost, as when the machine was started anew. `false`: it has failed.",
    ),
  ...withoutEffect,
  ...ofTrialClasses,
});
export type LogPolicy = z.infer<typeof LogPolicy>;
export type ExperimentConfiguration = z.infer<typeof ExperimentConfiguration>;

export function capturedParts({ capture = true }: ExperimentConfiguration): (typeof CAPTURE_PARTS)[number][] {
  return capture === true ? [...CAPTURE_PARTS] : capture === false ? [] : [...new Set(capture)];
}

/** What stdout and stderr may each have, in bytes; null: no limit. */
export function outputLimitBytes({ output_limit: limit }: ExperimentConfiguration): number | null {
  if (limit === null) return null;
  return limit === undefined ? DEFAULT_OUTPUT_BYTES : parseByteSize(String(limit));
}

/**
 * Each variable with its value as written; a line without `=` has none.
 * @param kind of the slots; null for the variables of all kinds
 */
export function environmentOf(
  configuration: ExperimentConfiguration,
  kind: SpecSlot["kind"] | null,
): [name: string, value: string][] {
  const variables = configuration.environment.environment_variables ?? {};
  const byDevice = VariablesByDevice.safeParse(variables);
  if (!byDevice.success) return pairsOf(variables as z.infer<typeof Variables>);
  const { cpu, cuda, rocm, gpu } = byDevice.data;
  const chosen =
    kind === null
      ? [cpu, cuda, rocm, gpu]
      : kind === "cuda"
        ? [gpu, cuda] // `gpu` is the name that cuda had before
        : [kind === "rocm" ? rocm : cpu];
  return chosen.flatMap((some) => pairsOf(some ?? {}));
}

function pairsOf(variables: z.infer<typeof Variables>): [name: string, value: string][] {
  if (!Array.isArray(variables))
    return Object.entries(variables).map(([name, value]) => [name, String(value)]);
  return variables.map((line) => {
    const end = line.indexOf("=");
    return end < 0 ? [line, ""] : [line.slice(0, end), line.slice(end + 1)];
  });
}

/** What a script gets that has no configuration: it runs once, and a failure is final. */
export function withoutConfiguration(): ExperimentConfiguration {
  return { ...ExperimentConfiguration.parse({}), max_restarts: 0 };
}
