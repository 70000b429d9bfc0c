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
  cpu: Variables.optional().describe("Variables of trials that run without a GPU."),
  cuda: Variables.optional().describe("Variables of trials on NVIDIA GPUs."),
  rocm: Variables.optional().describe("Variables of trials on AMD GPUs."),
  gpu: Variables.optional().describe("The older name of `cuda`."),
});

/** A key of Determined's that is read and has no effect here. */
const unused = (what: string): z.ZodOptional<typeof Json> =>
  Json.optional().describe(`${what} Determined's; it has no effect here.`);

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
    image: unused("The container's image."),
    proxy_ports: unused("Ports that are reached through the master."),
    ports: unused("Ports of the container."),
    force_pull_image: unused("Whether the image is always fetched."),
    registry_auth: unused("The login at the image's registry."),
    add_capabilities: unused("Capabilities that the container gets."),
    drop_capabilities: unused("Capabilities that the container loses."),
    pod_spec: unused("The Kubernetes pod."),
  })
  .describe("Where the script runs.");

const Length = z.union([
  z.number().int().positive(),
  z.partialRecord(z.enum(["batches", "records", "epochs"]), z.number().int().nonnegative()),
]);

/** Beyond these, even with a divisor near 1, a rung is no different from the next. */
const MOST_RUNGS = 100;
const Rungs = z.number().int().positive().max(MOST_RUNGS);

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
    .default("single")
    .describe(
      "How trials are made: `single` (one), `random` (`max_trials` drawn at random), `grid` (every point), `async_halving` and `adaptive_asha` (many start, the best train to the end).",
    ),
  metric: z
    .string()
    .min(1)
    .optional()
    .describe("The metric that says which trial, and which checkpoint, is best."),
  smaller_is_better: z
    .boolean()
    .default(true)
    .describe("Whether a smaller metric is the better one, as of a loss; `false` for an accuracy."),
  source_trial_id: z
    .string('name a trial as the tree does, in quotes: "12.3"') // 12.10 without them is 12.1
    .regex(/^\d{1,9}\.\d{1,9}$/, 'name a trial as the tree does, in quotes: "12.3"')
    .nullable()
    .optional()
    .describe("Every trial starts from this trial's best checkpoint, by the searcher's metric."),
  source_checkpoint_uuid: z
    .string()
    .nullable()
    .optional()
    .describe("Every trial starts from this checkpoint: its id."),
  max_trials: z
    .number()
    .int()
    .positive()
    .max(1_000_000)
    .optional()
    .describe("Trials that the search makes in all."),
  max_concurrent_trials: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe("Trials that are alive at the same time: 16 unless it is said, 0 for no limit."),
  max_length: Length.optional().describe(
    "Determined's older name of `max_time`, with its unit: `{epochs: 10}`, or a number of steps.",
  ),
  time_metric: z
    .string()
    .optional()
    .describe("The metric by which trained time is told, such as `epoch`. Without one it is the step."),
  max_time: z
    .number()
    .positive()
    .optional()
    .describe("How long a trial trains when nothing stops it, in units of `time_metric`."),
  mode: z
    .enum(["aggressive", "standard", "conservative"])
    .optional()
    .describe(
      "How early trials are stopped: `aggressive` (most of them soon), `standard` (the default), `conservative` (more of them train for long).",
    ),
  divisor: z
    .number()
    .gt(1)
    .optional()
    .describe("At each rung the best 1/divisor of the trials go on: 4 unless it is said."),
  max_rungs: Rungs.optional().describe("Rungs of the largest bracket: 5 unless it is said."),
  num_rungs: Rungs.optional().describe(
    "Times, between the start and `max_time`, at which trials are compared.",
  ),
  bracket_rungs: z
    .array(Rungs)
    .max(MOST_RUNGS)
    .optional()
    .describe("Rungs of each bracket, instead of those that `mode` has: `[4, 3]`."),
  stop_once: z
    .boolean()
    .nullable()
    .optional()
    .describe(
      "`false`: trials pause at each rung and are resumed when they turn out to be among the best. Else a trial that is not is stopped for good.",
    ),
  unit: z.string().optional().describe("The unit of Determined's custom searcher. It has no effect here."),
});

export type SearcherConfiguration = z.infer<typeof SearcherConfiguration>;

const Resources = z.strictObject({
  slots_per_trial: z
    .number()
    .int()
    .nonnegative()
    .default(1)
    .describe("Slots (GPUs) of one trial; 0 runs without one."),
  max_slots: z
    .number()
    .int()
    .positive()
    .nullable()
    .optional()
    .describe("Slots that all trials together may hold. No limit unless it is said."),
  weight: z
    .number()
    .positive()
    .optional()
    .describe("Its part of the pool against the others of its priority: 1 unless it is said."),
  priority: z
    .number()
    .int()
    .min(1)
    .max(99)
    .nullable()
    .optional()
    .describe("1 to 99: lower is served first. 42 unless it is said."),
  resource_pool: z.string().optional().describe("The resource pool. Determined's; it has no effect here."),
  is_single_node: z
    .boolean()
    .nullable()
    .optional()
    .describe("Whether all slots are on one host, as they always are. Determined's; it has no effect here."),
  shm_size: z
    .union([z.string(), z.number()])
    .optional()
    .describe("Shared memory of the container. Determined's; it has no effect here."),
  devices: unused("Devices that the container sees."),
  slots: unused("Slots of the experiment."),
  native_parallel: unused("Whether Horovod is used."),
  agent_label: unused("The label of the agents."),
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
      .union([
        LogAction,
        z.strictObject({ type: LogAction.describe("Determined's older way to write an action.") }),
      ])
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

const ofTrials = (what: string): z.ZodOptional<typeof Json> =>
  Json.optional().describe(`${what} For the training of a \`PyTorchTrial\`; no other script sees it.`);

/** Keys of Determined's for trainers of a PyTorchTrial; without effect for any other script. */
const ofTrialClasses = {
  checkpoint_policy: ofTrials(
    "After which validations a checkpoint is stored: `best` (the default), `all` or `none`.",
  ),
  min_checkpoint_period: ofTrials("At least so often a checkpoint is stored: `{batches: 100}`."),
  min_validation_period: ofTrials("At least so often is validated: `{batches: 100}`."),
  perform_initial_validation: ofTrials(
    "Whether is validated before the first batch: `false` unless it is said.",
  ),
  scheduling_unit: ofTrials("Batches between two reports: 100 unless it is said."),
  optimizations: ofTrials("How gradients are added up, and more."),
};
/** Keys of Determined's that are read and have no effect here (a note names each). */
const withoutEffect = {
  records_per_epoch: unused("Records of an epoch."),
  bind_mounts: unused("Folders that the container sees."),
  retention_policy: unused("How long logs are kept."),
  profiling: unused("What is measured of the system."),
  integrations: unused("Pachyderm, and webhooks."),
  slurm: unused("Options of Slurm."),
  pbs: unused("Options of PBS."),
  debug: unused("Whether more is logged."),
  data_layer: unused("A cache of data."),
  internal: unused("For Determined itself."),
  security: unused("Certificates."),
  tensorboard_storage: unused("Where TensorBoard's files lie."),
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
  description: z
    .string()
    .nullable()
    .optional()
    .describe("Notes of the experiment, in Markdown; to be edited later."),
  labels: z.array(z.string()).optional().describe("Labels, to find it by; to be edited later."),
  workspace: z
    .string()
    .optional()
    .describe("The workspace in the web interface. Determined's; it has no effect here."),
  project: z
    .string()
    .optional()
    .describe("The project in the web interface. Determined's; it has no effect here."),
  data: JsonObject.default({}).describe(
    "Your own; paths here that git ignores are linked into the run. `{path, pools: {NAME: PATH}}` says where a path is on a pool.",
  ),
  entrypoint: z
    .union([z.string().min(1), z.array(z.string()).min(1)])
    .optional()
    .describe(
      "What runs instead of `python SCRIPT`: a list is executed with the submit's arguments at its end, a string goes to the shell, `module:Class` trains a `PyTorchTrial`.",
    ),
  pass_as: z
    .enum(["environment", "flags"])
    .default("environment")
    .describe("`flags` also passes each hyperparameter as `--name=value`."),
  hyperparameters: JsonObject.default({}).describe(
    "Constants, or what a search draws from: `{type: int, minval, maxval}`, `double`, `log` (its bounds are exponents), `categorical` (`vals`), nested to any depth. The script reads them with `trainyard.param`.",
  ),
  searcher: SearcherConfiguration.prefault({}).describe("Which trials are made, and how long each trains."),
  resources: Resources.prefault({}).describe("Slots of each trial, and the experiment's place in the queue."),
  max_restarts: z
    .number()
    .int()
    .nonnegative()
    .default(5)
    .describe(
      "Times that a trial which failed is started again, from its newest checkpoint. A first failure before any report or checkpoint is final unless the file itself says this.",
    ),
  preemption_timeout: z
    .number()
    .int()
    .positive()
    .nullable()
    .optional()
    .describe(
      "Seconds until a trial that was asked to pause, and has not left, is killed: 3600 unless it is said.",
    ),
  reproducibility: z
    .strictObject({
      experiment_seed: z
        .number()
        .int()
        .min(0)
        .max(2147483647)
        .optional()
        .describe("The same seed gives the same trials. Any unless it is said."),
    })
    .prefault({})
    .describe("What makes a search come out the same again."),
  environment: Environment.prefault({}).describe("Where the script runs: its interpreter, its variables."),
  checkpoint_storage: CheckpointStorage.nullable()
    .optional()
    .describe(
      "Which checkpoints are kept once the experiment has ended. Without it all are, until you free the space.",
    ),
  log_policies: z
    .array(LogPolicy)
    .max(100)
    .default([])
    .describe(
      "What a line of output means for its trial: a label, and perhaps an action. `CUDA OOM` and `ECC Error` are there already, as labels.",
    ),
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
