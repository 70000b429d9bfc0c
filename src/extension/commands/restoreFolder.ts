/** Where a checkpoint is restored to: the setting's template, always inside the folder. Pure. */
import path from "node:path";
import type { Checkpoint, Experiment } from "../../cluster/protocol/entities.ts";

export const DEFAULT_RESTORE_FOLDER = "checkpoints/${experiment}-${trial}-step${step}";

/**
 * @param template relative to `folder`; `${experiment}`, `${trial}`, `${step}`, `${name}` are replaced
 * @returns an absolute path below `folder`; a template that leads elsewhere, or names only `folder`, is not used
 */
export function restoreDestination(
  folder: string,
  template: string,
  experiment: Pick<Experiment, "id" | "name">,
  checkpoint: Pick<Checkpoint, "trialId" | "step">,
): string {
  const filled = fill(template, experiment, checkpoint);
  const destination = path.resolve(folder, filled);
  const relative = path.relative(folder, destination);
  const isInside = relative !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
  const inGit = relative.split(path.sep).includes(".git");
  if (isInside && !inGit && !path.isAbsolute(filled)) return destination;
  return path.resolve(folder, fill(DEFAULT_RESTORE_FOLDER, experiment, checkpoint));
}

function fill(
  template: string,
  experiment: Pick<Experiment, "id" | "name">,
  checkpoint: Pick<Checkpoint, "trialId" | "step">,
): string {
  const values: Readonly<Record<string, string>> = {
    experiment: String(experiment.id),
    trial: checkpoint.trialId.split(".")[1] ?? "1",
    step: String(checkpoint.step),
    name: experiment.name,
  };
  return template.replace(/\$\{(\w+)\}/g, (whole, name: string) => safeName(values[name] ?? whole));
}

/** One part of a path: names are data, and a step may be `1e+21`. */
function safeName(text: string): string {
  const safe = text.replace(/[^\p{L}\p{N}._=-]+/gu, "_").slice(0, 80);
  return /^\.*$/.test(safe) ? "_" : safe;
}
