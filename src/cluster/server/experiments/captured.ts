/** What a script tells other libraries of itself (docs/capture.md): which they are, what it calls its run there, its labels. Pure. */
import path from "node:path";
import { Label, type Trial } from "../../protocol/entities.ts";
import type { RunEvent } from "../../protocol/runDirectory.ts";
import type { ExperimentRecord, TrialRecord } from "../store/records.ts";

export type CapturedEvent = Extract<RunEvent, { type: "captured" }>;

const MOST_LIBRARIES = 50;
const MOST_LABELS = 50;

/** The libraries of a trial, each with the version that its last run had. */
export function withLibrary(
  known: NonNullable<Trial["captured"]>,
  { library, version }: CapturedEvent,
): NonNullable<Trial["captured"]> {
  const others = known.filter((each) => each.library !== library);
  return others.length >= MOST_LIBRARIES ? known : [...others, { library, version }];
}

/**
 * The script's name, notes and labels, for an experiment that is one trial, where no person gave any; of a search's trial
 * only the labels, which are then the trial's.
 * @returns whether the experiment has changed
 */
export function describe(
  experiment: ExperimentRecord,
  trial: TrialRecord,
  { name, notes, labels = [] }: CapturedEvent,
): boolean {
  const isOnly = experiment.own.request.configuration.value.searcher.name === "single";
  const holder = isOnly ? experiment.experiment : trial.trial;
  const added = newLabels(holder.labels, trial, labels);
  if (added.length > 0) holder.labels = [...holder.labels, ...added];
  if (!isOnly) return false;
  const before = { ...experiment.experiment };
  const title = name?.trim() ?? "";
  if (title !== "" && isUnnamed(experiment)) {
    experiment.experiment.name = title;
    experiment.own.nameByScript = title;
  }
  if (notes !== undefined && experiment.experiment.notes === "" && experiment.own.notesByScript !== notes) {
    experiment.experiment.notes = notes;
    experiment.own.notesByScript = notes; // a person may clear them: then they do not come back
  }
  const { name: nameNow, notes: notesNow } = experiment.experiment;
  return added.length > 0 || before.name !== nameNow || before.notes !== notesNow;
}

/** It is called after its script, as the client does where nobody gives a name, or as the script itself called it before. */
function isUnnamed({ experiment, own }: ExperimentRecord): boolean {
  const { request } = own;
  if (request.configuration.value.name !== undefined) return false;
  return experiment.name === (own.nameByScript ?? path.posix.basename(request.script));
}

/** A person may have taken one away again: then it does not come back with the next attempt. */
function newLabels(present: readonly string[], { own }: TrialRecord, told: readonly string[]): string[] {
  const read = told.map((label) => Label.safeParse(label)).flatMap(({ data }) => data ?? []);
  const added = [...new Set(read)].filter((label) => !(own.labelsByScript ?? []).includes(label));
  if (added.length > 0) own.labelsByScript = [...(own.labelsByScript ?? []), ...added].slice(-1000);
  return added.filter((label) => !present.includes(label)).slice(0, MOST_LABELS - present.length);
}
