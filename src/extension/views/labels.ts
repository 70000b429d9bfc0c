/** Texts of the experiments tree. Pure. */
import type {
  Checkpoint,
  Experiment,
  Failure,
  MetricChoice,
  Trial,
  TrialState,
} from "../../cluster/protocol/entities.ts";
import { firstLineOf } from "../../webviews/contract/notes.ts";
import { formatAge, formatBytes, formatValue, oneLine, plural } from "../format.ts";
import { GROUPS, groupOf, isFinal, lookOf, type GroupId, type StateLook } from "./states.ts";

/** A sign of the text fonts, so that it looks the same in every theme. */
const STAR = "★";

/** What a row shows; the tree turns it into a TreeItem. */
export interface Row {
  label: string;
  description: string;
  /** Lines of plain text. */
  tooltip: string[];
  look: StateLook | null;
  contextValue: string;
  /** What a screen reader says. */
  spoken: string;
}

export function experimentTitle(experiment: Pick<Experiment, "id" | "name">): string {
  return `#${experiment.id} ${experiment.name}`;
}

/** A whole search. @param holding those of its trials that hold slots */
export function experimentRow(experiment: Experiment, holding: readonly Trial[], nowMs: number): Row {
  const look = lookOfExperiment(experiment);
  const { trialCounts: counts } = experiment;
  const ended = countIn(experiment, isFinal);
  const planned = experiment.trialsPlanned ?? countIn(experiment, () => true);
  const best = experiment.best && experiment.metric ? formatValue(experiment.best.value) : null;
  const progress = [
    `${ended} of ${plural(planned, "trial")}`,
    ...(best === null ? [] : [`best ${best}`]),
  ].join(", ");
  // What changes first: there is little room, and the icon tells the state too.
  const description = [progress, look.word, ...labelWords(experiment)].join(" · ");
  const title = experimentTitle(experiment);
  const tooltip = [`${title} (${look.word})`, `${plural(ended, "trial")} of ${planned} ended`];
  if (experiment.question !== null)
    tooltip.push(oneLine(experiment.question.message), "Resume goes on, Stop ends it.");
  if (experiment.best && experiment.metric)
    tooltip.push(
      `Best ${metricName(experiment.metric)} ${formatValue(experiment.best.value)} (trial ${experiment.best.trialId})`,
    );
  tooltip.push(...written(experiment), ...origin(experiment, nowMs), ...experiment.warnings);
  // Who waits has nothing to lose.
  const pausable =
    (counts.waiting ?? 0) + (counts.paused ?? 0) > 0 || holding.some((trial) => trial.pausable.possible);
  return {
    label: title,
    description,
    tooltip,
    look,
    contextValue: tokens("experiment", experiment.state, !isFinal(experiment.state), {
      pausable: pausable && experiment.state !== "paused",
      unpausable: !pausable && experiment.state === "running",
      resumable: (counts.paused ?? 0) > 0,
      hasCheckpoints: false,
      hasLine: false,
    }),
    spoken: `Experiment ${experiment.id} ${experiment.name}, ${description.replaceAll(" · ", ", ")}`,
  };
}

/** How many of an experiment's trials are in such states. */
export function countIn({ trialCounts }: Experiment, fits: (state: TrialState) => boolean): number {
  return Object.entries(trialCounts).reduce(
    (sum, [state, count]) => sum + (fits(state as TrialState) ? count : 0),
    0,
  );
}

/** One that waits for a person's answer looks like it. */
function lookOfExperiment({ state, question }: Experiment): StateLook {
  const look = lookOf(state);
  if (question === null) return look;
  return { ...look, word: `${look.word}, asks`, icon: "question", color: "problemsWarningIcon.foreground" };
}

/**
 * A trial in a search, or (with `single`) the one row of an experiment that has one trial.
 * @param checkpoints how many it has; null: some
 */
export function trialRow(
  experiment: Experiment,
  trial: Trial,
  checkpoints: number | null,
  nowMs: number,
  single: boolean,
): Row {
  const look = lookOf(trial.state);
  const details = trialDetails(experiment, trial);
  const label = single ? experimentTitle(experiment) : trialLabel(trial);
  const tooltip = [`${single ? experimentTitle(experiment) : `Trial ${trial.id}`} (${look.word})`];
  if (trial.waitReason !== null) tooltip.push(trial.waitReason);
  if (trial.failure) tooltip.push(...failureLines(trial.failure));
  if (trial.nan) tooltip.push(`${trial.nan.metric} was not a number at step ${trial.nan.step}`);
  if (trial.latestStep !== null) tooltip.push(`Step ${trial.latestStep}`);
  if (trial.best && experiment.metric)
    tooltip.push(
      `Best ${metricName(experiment.metric)} ${formatValue(trial.best.value)} at step ${trial.best.step}`,
    );
  if (checkpoints !== null && checkpoints > 0) tooltip.push(plural(checkpoints, "checkpoint"));
  if (!isFinal(trial.state) && !trial.pausable.possible && trial.pausable.reason !== null)
    tooltip.push(`Cannot be paused: ${trial.pausable.reason}`);
  tooltip.push(...written(single ? experiment : trial));
  if (single) tooltip.push(...origin(experiment, nowMs));
  tooltip.push(...trial.warnings, ...(single ? experiment.warnings : []));
  const description = [
    ...(trial.starred ? [STAR] : []),
    experiment.imported === undefined || !isFinal(trial.state)
      ? look.word
      : `imported from ${oneLine(experiment.imported.from)}`,
    ...details,
    ...labelWords(single ? experiment : trial),
  ].join(" · ");
  const running = trial.state === "running" || trial.state === "starting";
  return {
    label,
    description,
    tooltip,
    look:
      trial.nan && trial.state === "running"
        ? { ...look, icon: "warning", color: "problemsWarningIcon.foreground" }
        : look,
    contextValue: tokens(single ? "trial.single" : "trial", trial.state, !isFinal(trial.state), {
      pausable: running && trial.pausable.possible,
      unpausable: running && !trial.pausable.possible,
      resumable: trial.state === "paused",
      hasCheckpoints: checkpoints !== 0,
      hasLine: Boolean(trial.failure?.frame),
      imported: experiment.imported !== undefined,
      starred: trial.starred,
    }),
    spoken: `${single ? `Experiment ${experiment.id} ${experiment.name}` : `Trial ${trial.number}${trial.name === null ? "" : ` ${trial.name}`}`}, ${description.replace(STAR, "starred").replaceAll(" · ", ", ")}`,
  };
}

/** An experiment of another pool says so. */
export function onPool(row: Row, pool: string | null): Row {
  if (pool === null) return row;
  return {
    ...row,
    description: `${row.description} · ${pool}`,
    tooltip: [...row.tooltip, `On ${pool}`],
    spoken: `${row.spoken}, on ${pool}`,
  };
}

export function groupRow(group: GroupId, experiment: Experiment): Row {
  const count = countIn(experiment, (state) => groupOf(state) === group);
  const label = GROUPS.find(({ id }) => id === group)?.label ?? group;
  return {
    label,
    description: String(count),
    tooltip: [],
    look: null,
    contextValue: "group",
    spoken: `${label}, ${plural(count, "trial")}`,
  };
}

export function checkpointRow(checkpoint: Checkpoint, metric: MetricChoice | null, nowMs: number): Row {
  const value = checkpointValue(checkpoint, metric);
  const description = [
    value,
    formatBytes(checkpoint.bytes),
    formatAge(checkpoint.createdAt, nowMs),
    checkpoint.pinned ? "pinned" : null,
  ]
    .filter((part) => part !== null)
    .join(" · ");
  return {
    label: `Step ${checkpoint.step}`,
    description,
    tooltip: [
      `Checkpoint ${checkpoint.uuid}`,
      `${plural(checkpoint.files, "file")}, ${formatBytes(checkpoint.bytes)}, ${new Date(checkpoint.createdAt).toLocaleString()}`,
      ...Object.entries(checkpoint.metrics).map(([name, number]) => `${name} ${formatValue(number)}`),
    ],
    look: { icon: checkpoint.pinned ? "pinned" : "archive", color: null, word: "checkpoint" },
    contextValue: checkpoint.pinned ? "checkpoint.pinned" : "checkpoint",
    spoken: `Checkpoint at step ${checkpoint.step}, ${description.replaceAll(" · ", ", ")}`,
  };
}

/** `val_loss 0.0613`, or null when the checkpoint has no value of it. */
export function checkpointValue(checkpoint: Checkpoint, metric: MetricChoice | null): string | null {
  const value = metric ? checkpoint.metrics[`${metric.group}/${metric.name}`] : undefined;
  return metric && value !== undefined ? `${metricName(metric)} ${formatValue(value)}` : null;
}

/** Labels as one word each way of reading them: `[digits] [fast]`. */
function labelWords({ labels }: Pick<Trial, "labels">): string[] {
  return labels.length === 0 ? [] : [labels.map((label) => `[${label}]`).join(" ")];
}

/** What a person wrote on it. */
function written({ labels, notes }: Pick<Trial, "labels" | "notes">): string[] {
  return [
    ...(labels.length === 0 ? [] : [`Labels: ${labels.join(", ")}`]),
    ...(notes.trim() === "" ? [] : [oneLine(firstLineOf(notes))]),
  ];
}

export function metricName(metric: Pick<MetricChoice, "name">): string {
  return metric.name;
}

/** Most telling first: why it failed or waits, else how far it is. */
function trialDetails(experiment: Experiment, trial: Trial): string[] {
  if (trial.state === "failed" && trial.failure) return [oneLine(trial.failure.message, 120)];
  if (trial.state === "waiting" && trial.waitReason !== null) return [oneLine(trial.waitReason, 120)];
  const details: string[] = [];
  if (trial.nan) details.push(`${trial.nan.metric} is not a number`);
  if (trial.best && experiment.metric)
    details.push(`${metricName(experiment.metric)} ${formatValue(trial.best.value)}`);
  if (trial.progress !== null && !isFinal(trial.state)) details.push(`${Math.floor(trial.progress * 100)}%`);
  else if (trial.latestStep !== null) details.push(`step ${trial.latestStep}`);
  return details;
}

/** `Trial 3 the wide one  lr=0.01 width=64`: what tells this trial from its neighbours. */
function trialLabel(trial: Trial): string {
  const values = Object.entries(trial.hyperparameters)
    .slice(0, 4)
    .flatMap(([name, value]) => {
      if (typeof value === "number") return [`${name}=${formatValue(value)}`];
      return typeof value === "object" ? [] : [`${name}=${value}`];
    });
  const title = trial.name === null ? `Trial ${trial.number}` : `Trial ${trial.number} ${trial.name}`;
  return [title, values.join(" ")].filter((part) => part !== "").join("  ");
}

export function failureLines(failure: Failure): string[] {
  const lines = [failure.message];
  if (failure.frame)
    lines.push(
      `${failure.frame.file}:${failure.frame.line}${failure.frame.function === null ? "" : ` in ${failure.frame.function}`}`,
    );
  return lines;
}

function origin({ imported, ...experiment }: Experiment, nowMs: number): string[] {
  const age = formatAge(experiment.createdAt, nowMs);
  if (imported !== undefined)
    return [`Imported from ${oneLine(imported.from)}: ${oneLine(imported.source)}`, `Ran ${age}`];
  return [
    experiment.commandLine.join(" "),
    experiment.workspace || "Its folder is not known",
    `Submitted ${age}`,
  ];
}

function tokens(
  kind: string,
  state: string,
  live: boolean,
  flags: Readonly<Record<string, boolean>>,
): string {
  const set = Object.entries(flags).flatMap(([name, value]) => (value ? [name] : []));
  return [kind, state, ...(live ? ["live"] : []), ...set].join(".");
}
