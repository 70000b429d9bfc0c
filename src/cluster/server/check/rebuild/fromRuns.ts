/** What the folders of runs say of their runs, trials and experiments, for when nothing else knows of them. */
import { randomUUID } from "node:crypto";
import path from "node:path";
import { ExperimentConfiguration, withoutConfiguration } from "../../../protocol/configuration.ts";
import { DEFAULT_PRIORITY, type Run, type Trial } from "../../../protocol/entities.ts";
import type {
  Control,
  Entrypoint,
  ExitFile,
  RunSpec,
  SupervisorFile,
} from "../../../protocol/runDirectory.ts";
import { outcomeOf, readEnding } from "../../experiments/ending.ts";
import { newTrial } from "../../experiments/newTrial.ts";
import { labelsOf } from "../../experiments/submission.ts";
import { FILES, readControl, readExit, readSpec, readSupervisor } from "../../runs/runFolder.ts";
import type { ExperimentRecord, RunRecord, TrialRecord } from "../../store/records.ts";
import { readWorkFile, type WorkFile } from "../../trees/workFile.ts";
import { findSearcher } from "../../../search/searchers.ts";
import { lastWritten, look } from "../folders.ts";

export interface SeenRun {
  spec: RunSpec;
  exit: ExitFile | null;
  supervisor: SupervisorFile | null;
  control: Control | null;
  work: WorkFile | null;
  /** ms */
  beganAt: number;
  /** When it last reported, ms; 0: never. */
  reportedAt: number;
}

/** @returns null for a folder that does not say what it ran */
export async function seeRun(home: string, runId: string): Promise<SeenRun | null> {
  const folder = path.join(home, "runs", runId);
  const spec = await readSpec(folder).catch(() => null);
  if (spec?.run !== runId) return null;
  return {
    spec,
    exit: await readExit(folder).catch(() => null),
    supervisor: await readSupervisor(folder).catch(() => null),
    control: await readControl(folder).catch(() => null),
    work: await readWorkFile(path.join(folder, FILES.work)),
    beganAt: look(path.join(folder, FILES.spec))?.mtimeMs ?? Date.now(),
    reportedAt: lastWritten(path.join(folder, "events")),
  };
}

/** @param isLast of its trial: whether and how it has ended, the next server finds out as for any run */
export function runRecord(
  { spec, exit, supervisor, work, beganAt, reportedAt }: SeenRun,
  isLast: boolean,
): RunRecord {
  const ending = exit === null ? null : readEnding(exit, false);
  const outcome: Run["outcome"] = isLast ? null : ending === null ? "lost" : outcomeOf(ending, exit);
  const startedAt = (exit?.startedAt ?? supervisor?.startedAt ?? beganAt / 1000) * 1000;
  const endedAt = exit === null ? Math.max(startedAt, reportedAt) : exit.endedAt * 1000;
  return {
    run: {
      id: spec.run,
      trialId: spec.trial,
      attempt: spec.attempt,
      outcome,
      startedAt,
      endedAt: outcome === null ? null : endedAt,
      slots: spec.slots.map(({ id }) => id),
      pid: supervisor?.script?.pid ?? null,
      exitCode: outcome === null ? null : (exit?.code ?? null),
      signal: outcome === null ? null : (exit?.signal ?? null),
      failure: null,
      resumedFromStep: spec.latestCheckpoint?.step ?? null,
    },
    own: { spec, tidy: work?.pruned ?? false },
  };
}

/** A trial that nothing but its last run is known of. */
export function trialRecord(experiment: ExperimentRecord, last: SeenRun, beganAt: number): TrialRecord {
  const { spec } = last;
  const number = Number(spec.trial.split(".")[1]);
  const record = newTrial(experiment, {
    type: "createTrial",
    number,
    requestId: "",
    hyperparameters: spec.hyperparameters,
    seed: spec.seed,
  });
  record.trial.createdAt = beganAt;
  record.own.queuedAt = beganAt;
  atRun(record, last);
  return record;
}

/** The trial is at this run, its last one, whatever it was at before. */
export function atRun({ trial, own }: TrialRecord, seen: SeenRun): void {
  const { run } = runRecord(seen, true);
  const { exit, control } = seen;
  // How its end is taken depends on what was asked of it.
  const asked = exit === null ? control?.action : (exit.acknowledged?.action ?? exit.asked);
  const [state, wish] = ASKED[asked ?? "run"];
  trial.state = state;
  trial.waitReason = null;
  trial.attempts = run.attempt;
  trial.currentRun = run.id;
  trial.slots = run.slots;
  trial.startedAt ??= run.startedAt;
  trial.endedAt = null;
  own.asked = wish;
  own.isRebuilt = true;
  if (own.time !== undefined && run.startedAt !== null) own.time.since = run.startedAt;
  own.control = control;
}

const ASKED = {
  run: ["running", null],
  pause: ["pausing", "pause"],
  preempt: ["pausing", "preempt"],
  stop: ["stopping", "stop"],
  kill: ["stopping", "kill"],
} as const satisfies Record<Control["action"], readonly [Trial["state"], TrialRecord["own"]["asked"]]>;

/** No file of a run names the folder that it was submitted from. */
const NOT_KNOWN = "";

/** An experiment that nothing but its runs is known of: its search cannot go on, its trials can. */
export function experimentRecord(
  id: number,
  runs: readonly SeenRun[],
  bytesOf: (tree: string) => { files: number; bytes: number },
): ExperimentRecord | null {
  const [first] = runs;
  const work = runs.find((run) => run.work !== null)?.work;
  if (first === undefined || work === null || work === undefined) return null;
  const { spec } = first;
  const { entrypoint, imported } = spec;
  const trials = Math.max(...runs.map((run) => Number(run.spec.trial.split(".")[1])));
  const beganAt = Math.min(...runs.map((run) => run.beganAt));
  const own = configurationOf(spec);
  const workspace = imported?.workspace ?? NOT_KNOWN;
  const script = entrypoint.kind === "script" ? entrypoint.script : "train.py";
  const given = entrypoint.kind === "script" ? entrypoint.arguments : [];
  const name = (imported?.name ?? own.name ?? nameOf(entrypoint)).slice(0, 250);
  const snapshot = {
    tree: work.tree,
    ...bytesOf(work.tree),
    takenAt: beganAt,
    root: workspace || "/",
    head: null,
    linked: work.links.map((link) => ({ ...link, reason: "linked by an earlier run" })),
    leftOut: [],
  };
  const searcher = findSearcher("single");
  if (searcher === undefined) return null;
  return {
    experiment: {
      id,
      name,
      state: "running",
      createdAt: beganAt,
      endedAt: null,
      workspace,
      script: imported?.source ?? script,
      commandLine:
        imported !== undefined
          ? []
          : entrypoint.kind === "script"
            ? [entrypoint.interpreter, script, ...given]
            : [name],
      slotsPerTrial: spec.slots.length,
      searcher: searcher.name,
      snapshot,
      configuration: null,
      metric: null,
      best: null,
      trialCounts: {},
      trialsPlanned: trials,
      warnings: imported === undefined ? [REBUILT] : [],
      priority: own.resources.priority ?? DEFAULT_PRIORITY,
      weight: own.resources.weight ?? 1,
      maxSlots: own.resources.max_slots ?? null,
      notes: imported?.notes ?? own.description ?? "",
      labels: imported?.labels ?? labelsOf(own),
      question: null,
      ...(imported === undefined ? {} : { imported: { from: imported.from, source: imported.source } }),
    },
    own: {
      request: {
        submissionId: randomUUID(),
        name,
        workspace,
        script,
        directory: spec.directory,
        arguments: given,
        snapshot,
        interpreter: entrypoint.interpreter ?? "python3",
        configuration: { value: own, source: null },
        slotsPerTrial: spec.slots.length,
        launcher: "python",
        startFrom: null,
      },
      experimentSeed: 0,
      // As many as there are, and no more.
      searcher: {
        name: searcher.name,
        version: searcher.version,
        data: { random: { seed: 0, taken: 0 }, created: trials, invalid: 0, ended: 0 },
      },
      startFrom: null,
      restartsWithoutProgress: false,
      held: "ended",
    },
  };
}

export const REBUILT =
  "It was rebuilt from its runs' folders after the pool's database was lost: its folder, its search, and what a person called, wrote or chose since it was submitted could not be brought back.";

function nameOf(entrypoint: Entrypoint): string {
  switch (entrypoint.kind) {
    case "script":
      return entrypoint.script;
    case "command":
      return entrypoint.argv.join(" ");
    case "shell":
      return entrypoint.command;
  }
}

/** As it was submitted, but for its search, which cannot go on; of a run that does not have it, what else it says. */
function configurationOf({
  configuration,
  entrypoint,
  environment,
  preemptionTimeoutS,
}: RunSpec): ExperimentConfiguration {
  const whole = ExperimentConfiguration.safeParse(configuration);
  if (whole.success) {
    const { metric, smaller_is_better } = whole.data.searcher;
    const searcher = { name: "single" as const, smaller_is_better, ...(metric && { metric }) };
    return { ...whole.data, searcher, max_restarts: 0 };
  }
  const parsed = ExperimentConfiguration.safeParse({
    ...(entrypoint.kind === "command" ? { entrypoint: entrypoint.argv } : {}),
    ...(entrypoint.kind === "shell" ? { entrypoint: entrypoint.command } : {}),
    environment: {
      environment_variables: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    },
    preemption_timeout: preemptionTimeoutS,
    max_restarts: 0,
  });
  return parsed.success ? parsed.data : withoutConfiguration();
}
