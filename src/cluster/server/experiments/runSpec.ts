/** From a submission and a trial to the spec.json of one run. Pure. */
import path from "node:path/posix";
import type { Json, JsonObject } from "../../protocol/base.ts";
import {
  capturedParts,
  environmentOf,
  type ExperimentConfiguration,
  isTrialClass,
  outputLimitBytes,
} from "../../protocol/configuration.ts";
import { flagsOf } from "../../protocol/flags.ts";
import type { SubmitRequest } from "../../protocol/methods.ts";
import {
  RUN_DIRECTORY_VERSION,
  type Entrypoint,
  type RunSpec,
  type SpecSlot,
} from "../../protocol/runDirectory.ts";

type Request = Omit<SubmitRequest, "secrets">;

const STOP_ACKNOWLEDGE_S = 10;
const STOP_TERM_S = 10;
const PREEMPTION_TIMEOUT_S = 3600;
const MOST_DATA_PATHS = 1000;
/** They travel in a variable that is separated by `:`; an address has one, too. */
// eslint-disable-next-line no-control-regex
const NO_PATH = /[:\u0000-\u001f]/;
const SECRET = /\$\{secret:([^}]+)\}/g;

export interface RunPlan {
  experimentId: number;
  trialId: string;
  attempt: number;
  key: string;
  hyperparameters: JsonObject;
  seed: number;
  slots: SpecSlot[];
  /** Slots of that kind on the machine, held or not. */
  slotCount: number;
  leases: string;
  checkpoints: string;
  latestCheckpoint: RunSpec["latestCheckpoint"];
}

export function buildRunSpec(request: Request, plan: RunPlan): RunSpec {
  const { plain, secretNames } = splitEnvironment(request.configuration.value, plan.slots);
  return {
    version: RUN_DIRECTORY_VERSION,
    run: `${plan.trialId}.${plan.attempt}`,
    trial: plan.trialId,
    experiment: plan.experimentId,
    attempt: plan.attempt,
    key: plan.key,
    entrypoint: buildEntrypoint(request, plan.hyperparameters),
    directory: request.directory,
    environment: plain,
    secretNames,
    hyperparameters: plan.hyperparameters,
    seed: plan.seed,
    slots: plan.slots,
    slotCount: plan.slotCount,
    dataPaths: dataPathsOf(request),
    leases: plan.leases,
    checkpoints: plan.checkpoints,
    latestCheckpoint: plan.latestCheckpoint,
    stopAcknowledgeS: STOP_ACKNOWLEDGE_S,
    stopTermS: STOP_TERM_S,
    preemptionTimeoutS: request.configuration.value.preemption_timeout ?? PREEMPTION_TIMEOUT_S,
    outputMetrics: true,
    outputLimitBytes: outputLimitBytes(request.configuration.value),
    capture: capturedParts(request.configuration.value),
    configuration: request.configuration.value as unknown as JsonObject,
  };
}

/** What the run opens below these is recorded: what is linked into it, and what `data:` names. Relative to `work/`. */
export function dataPathsOf({ configuration, directory, snapshot }: Request): string[] {
  const named = stringsIn(configuration.value.data)
    .filter((value) => value !== "" && value.length <= 4096 && !NO_PATH.test(value))
    .map((value) => (path.isAbsolute(value) ? path.normalize(value) : path.join(directory, value)));
  // All of the working tree, or of the machine, would be everything that is opened.
  const whole = ["/", ".", path.normalize(directory)];
  const proper = named.filter((value) => !whole.includes(value) && !/^\.\.(\/|$)/.test(value));
  return [...new Set([...snapshot.linked.map((link) => link.path), ...proper])].slice(0, MOST_DATA_PATHS);
}

function stringsIn(value: Json): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

export function buildEntrypoint(request: Request, hyperparameters: JsonObject): Entrypoint {
  const { entrypoint, pass_as } = request.configuration.value;
  const flags = pass_as === "flags" ? flagsOf(hyperparameters) : [];
  const { interpreter, script, launcher, slotsPerTrial } = request;
  const given = [...request.arguments, ...flags];
  if (isTrialClass(entrypoint)) {
    const argv = [interpreter, "-m", ...trialProgram(slotsPerTrial), entrypoint];
    return { kind: "command", argv, interpreter };
  }
  if (typeof entrypoint === "string") return { kind: "shell", command: entrypoint, interpreter };
  if (entrypoint !== undefined) return { kind: "command", argv: [...entrypoint, ...given], interpreter };
  if (launcher === "torchrun" && slotsPerTrial > 1) {
    const argv = [interpreter, ...torchrun(slotsPerTrial), script, ...given];
    return { kind: "command", argv, interpreter };
  }
  return { kind: "script", interpreter, script, arguments: given };
}

/** Of the stand-in for Determined's package: one process, or one for each slot. */
function trialProgram(slots: number): string[] {
  return slots > 1
    ? ["determined.launch.torch_distributed", "--trial"]
    : ["determined.exec.harness", "--train-entrypoint"];
}

/** By its module: the script `torchrun` on the PATH may belong to another interpreter. */
function torchrun(processes: number): string[] {
  return ["-m", "torch.distributed.run", "--standalone", `--nproc_per_node=${processes}`];
}

/** What will be executed, for display. */
export function commandLineOf(entrypoint: Entrypoint): string[] {
  switch (entrypoint.kind) {
    case "script":
      return [entrypoint.interpreter, entrypoint.script, ...entrypoint.arguments];
    case "command":
      return entrypoint.argv;
    case "shell":
      return ["sh", "-c", entrypoint.command];
  }
}

function kindOf(slots: readonly SpecSlot[]): SpecSlot["kind"] {
  return slots[0]?.kind ?? "cpu";
}

function splitEnvironment(
  configuration: ExperimentConfiguration,
  slots: readonly SpecSlot[],
): { plain: Record<string, string>; secretNames: string[] } {
  const plain: Record<string, string> = {};
  const secretNames = new Set<string>();
  for (const [name, value] of environmentOf(configuration, kindOf(slots))) {
    if (value.search(SECRET) >= 0) secretNames.add(name);
    else plain[name] = value;
  }
  for (const name of secretNames) delete plain[name];
  return { plain, secretNames: [...secretNames] };
}

/** Secrets that the configuration names and nobody sent. */
export function missingSecrets(
  configuration: ExperimentConfiguration,
  secrets: Record<string, string>,
): string[] {
  const named = environmentOf(configuration, null).flatMap(([, value]) =>
    [...value.matchAll(SECRET)].map((match) => match[1] ?? ""),
  );
  return [...new Set(named)].filter((name) => !Object.hasOwn(secrets, name));
}

/** Values of spec.secretNames. */
export function secretEnvironment(
  configuration: ExperimentConfiguration,
  slots: readonly SpecSlot[],
  secrets: Record<string, string>,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of environmentOf(configuration, kindOf(slots)))
    if (value.search(SECRET) >= 0)
      environment[name] = value.replace(SECRET, (_, secret: string) => secrets[secret] ?? "");
  return environment;
}
