/** Checks a submission against what this pool has and can, and makes the experiment of it. */
import { randomInt } from "node:crypto";
import path from "node:path";
import { CallError } from "../callError.ts";
import { DEFAULT_PRIORITY, Label, type Experiment } from "../../protocol/entities.ts";
import { type ExperimentConfiguration, keysWithoutEffect } from "../../protocol/configuration.ts";
import { MAX_HYPERPARAMETERS_BYTES } from "../../protocol/limits.ts";
import type { SubmitRequest } from "../../protocol/methods.ts";
import { sentenceOf } from "../../search/change.ts";
import { findSearcher } from "../../search/searchers.ts";
import { missingSettings } from "../../search/settings.ts";
import { readSpace } from "../../search/space.ts";
import type { ExperimentRecord } from "../store/records.ts";
import type { Context } from "./context.ts";
import { patternProblem } from "./logPolicies.ts";
import { searchOf } from "./search.ts";
import { SHORTEST_SECRET } from "./masking.ts";
import { startFromOf } from "./warmStart.ts";
import { buildEntrypoint, commandLineOf, missingSecrets } from "./runSpec.ts";

const MAX_SCRIPT_BYTES = 64 * 1024 * 1024;

/** @throws CallError saying what is missing and what to do */
export async function checkSubmission(context: Context, request: SubmitRequest): Promise<void> {
  const configuration = request.configuration.value;
  const { searcher, entrypoint, pass_as } = configuration;
  if (findSearcher(searcher.name) === undefined)
    throw new CallError(
      "refused",
      `The searcher "${searcher.name}" does not run here.`,
      "Use single, random, grid, async_halving or adaptive_asha.",
    );
  const length = JSON.stringify(configuration.hyperparameters).length;
  if (length > MAX_HYPERPARAMETERS_BYTES)
    throw new CallError(
      "invalid",
      `The hyperparameters have ${length} characters, a trial can be given at most ${MAX_HYPERPARAMETERS_BYTES}.`,
      "Put what is long into a file of the workspace, and its path into the hyperparameters.",
    );
  const missing = missingSettings(searcher);
  if (missing.length > 0)
    throw new CallError(
      "invalid",
      `The searcher ${searcher.name} needs ${missing.join(", ")}.`,
      "Add it below `searcher:` in the configuration.",
    );
  const read = readSpace(configuration.hyperparameters);
  if ("problems" in read)
    throw new CallError(
      "invalid",
      `The hyperparameters are wrong: ${sentenceOf(read.problems)}.`,
      "Correct them in the configuration.",
    );
  if (searcher.name === "grid" && read.space.uncounted.length > 0)
    throw new CallError(
      "invalid",
      `A grid needs a \`count\` for each range: ${read.space.uncounted.join(", ")} has none.`,
      "Add the number of points that it is to have.",
    );
  if (typeof entrypoint === "string" && pass_as === "flags")
    throw new CallError(
      "invalid",
      "`pass_as: flags` cannot add flags to an entrypoint that is a string: it goes to the shell as it is written.",
      "Write the entrypoint as a list, or read the hyperparameters from TRAINYARD_PARAMS.",
    );
  if (typeof entrypoint === "string" && request.arguments.length > 0)
    throw new CallError(
      "invalid",
      "Arguments cannot be added to an entrypoint that is a string: it goes to the shell as it is written.",
      "Submit without arguments, or write the entrypoint as a list, which gets them at its end.",
    );
  for (const { pattern } of configuration.log_policies) {
    const problem = typeof pattern === "string" ? patternProblem(pattern) : null;
    if (problem !== null)
      throw new CallError(
        "invalid",
        `The pattern \`${pattern ?? ""}\` of log_policies cannot be used: ${problem}.`,
        "Write it in RE2's words: https://github.com/google/re2/wiki/Syntax.",
      );
  }
  const unsent = missingSecrets(configuration, request.secrets);
  if (unsent.length > 0)
    throw new CallError(
      "invalid",
      `The configuration names the secret ${unsent.join(", ")}, which was not sent.`,
      "Save it in the editor's secret storage, then submit again.",
    );
  const short = Object.keys(request.secrets).filter(
    (name) => (request.secrets[name] ?? "").length < SHORTEST_SECRET,
  );
  if (short.length > 0)
    throw new CallError(
      "invalid",
      `The secret ${short.join(", ")} has fewer than ${SHORTEST_SECRET} characters: it could not be masked in what the run prints.`,
      "Use a longer value, or write it into the configuration if it is no secret.",
    );
  startFromOf(context, request);
  await checkSnapshot(context, request);
}

async function checkSnapshot({ snapshots }: Context, request: SubmitRequest): Promise<void> {
  const { tree } = request.snapshot;
  if (!(await snapshots.has(tree)))
    throw new CallError(
      "notFound",
      `The snapshot ${tree} has not arrived in this pool.`,
      "Submit again: it is sent anew.",
    );
  if (request.configuration.value.entrypoint !== undefined) return;
  const script = path.posix.join(request.directory, request.script);
  try {
    await snapshots.readFile(tree, script, MAX_SCRIPT_BYTES);
  } catch {
    throw new CallError(
      "invalid",
      `The script ${script} is not in the snapshot.`,
      "Save the file inside of the workspace and see that git does not ignore it, then submit again.",
    );
  }
}

/** Everything of an experiment but its trials, which its searcher makes. */
export function newExperiment(context: Context, request: SubmitRequest, id: number): ExperimentRecord {
  const { secrets: _, ...kept } = request;
  const configuration = request.configuration.value;
  const searcher = findSearcher(configuration.searcher.name);
  if (searcher === undefined) throw new Error(`no searcher ${configuration.searcher.name}`);
  const experimentSeed = configuration.reproducibility.experiment_seed ?? randomInt(2 ** 31 - 1);
  const search = searchOf({ request: kept, experimentSeed });
  const experiment: Experiment = {
    id,
    name: request.name,
    state: "waiting",
    createdAt: Date.now(),
    endedAt: null,
    workspace: request.workspace,
    script: request.script,
    commandLine: commandLineOf(buildEntrypoint(kept, search.space.constants ?? {})),
    slotsPerTrial: request.slotsPerTrial,
    searcher: searcher.name,
    snapshot: request.snapshot,
    configuration: request.configuration.source?.path ?? null,
    metric: null,
    best: null,
    trialCounts: {},
    trialsPlanned: searcher.planned(search),
    warnings: warningsOf(configuration),
    priority: configuration.resources.priority ?? DEFAULT_PRIORITY,
    weight: configuration.resources.weight ?? 1,
    maxSlots: configuration.resources.max_slots ?? null,
    notes: configuration.description ?? "",
    labels: labelsOf(configuration),
    question: null,
  };
  return {
    experiment,
    own: {
      request: kept,
      experimentSeed,
      searcher: searcher.begin(search),
      startFrom: startFromOf(context, request),
      restartsWithoutProgress: asksForRestarts(request.configuration),
    },
  };
}

export function labelsOf({ labels = [] }: ExperimentConfiguration): string[] {
  const read = labels.map((label) => Label.safeParse(label)).flatMap(({ data }) => data ?? []);
  return [...new Set(read)].slice(0, 50);
}

function warningsOf(configuration: ExperimentConfiguration): string[] {
  return keysWithoutEffect(configuration.entrypoint)
    .filter((key) => configuration[key as keyof ExperimentConfiguration] !== undefined)
    .map((key) => `\`${key}\` of the configuration has no effect here.`);
}

/** Whether the configuration as written, not a default, sets max_restarts above 0. */
function asksForRestarts({ value, source }: SubmitRequest["configuration"]): boolean {
  return value.max_restarts > 0 && source !== null && /^[^#\n]*\bmax_restarts["']?\s*[:=]/m.test(source.text);
}
