/** Where a checkpoint is restored to: the setting's template, always inside the folder. Pure. */
import path from "node:path";
import type { Checkpoint, Experiment } from "../../cluster/protocol/entities.ts";

export const DEFAULT_RESTORE_FOLDER = "checkpoints/${experiment}-${trial}-step${step}";

/**
 * @param template relative to `folder`; `${experiment}`, `${trial}`, `${step}`, `${name}` are replaced
 * @param poolId of another pool than this machine's the name stands before the experiment's number
 * @returns an absolute path below `folder`; a template that leads elsewhere, or names only `folder`, is not used
 */
export function restoreDestination(
  folder: string,
  template: string,
  poolId: string,
  experiment: Pick<Experiment, "id" | "name">,
  checkpoint: Pick<Checkpoint, "trialId" | "step">,
): string {
  const filled = fill(template, poolId, experiment, checkpoint);
  const destination = path.resolve(folder, filled);
  const relative = path.relative(folder, destination);
  const isInside = relative !== "" && !relative.startsWith("..") && !path.isAbsolute(relative);
  const inGit = relative.split(path.sep).includes(".git");
  if (isInside && !inGit && !path.isAbsolute(filled)) return destination;
  return path.resolve(folder, fill(DEFAULT_RESTORE_FOLDER, poolId, experiment, checkpoint));
}

function fill(
  template: string,
  poolId: string,
  experiment: Pick<Experiment, "id" | "name">,
  checkpoint: Pick<Checkpoint, "trialId" | "step">,
): string {
  const values: Readonly<Record<string, string>> = {
    experiment: poolId === "local" ? String(experiment.id) : `${poolId}-${experiment.id}`,
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
