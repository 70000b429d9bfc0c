/** What a person writes for an experiment (`12`), a trial (`12.3`), a run (`12.3.1`) or a checkpoint (a UUID). */
import { Uuid } from "../protocol/base.ts";
import { RunId, TrialId } from "../protocol/entities.ts";
import type { Target } from "../protocol/methods.ts";
import { UsageError } from "./command.ts";

export type Id =
  | { kind: "experiment"; experimentId: number }
  | { kind: "trial"; experimentId: number; trialId: string }
  | { kind: "run"; experimentId: number; trialId: string; runId: string }
  | { kind: "checkpoint"; uuid: string };

/** @throws UsageError */
export function parseId(text: string): Id {
  if (/^[1-9]\d{0,8}$/.test(text)) return { kind: "experiment", experimentId: Number(text) };
  const experimentId = Number(text.split(".")[0]);
  if (TrialId.safeParse(text).success) return { kind: "trial", experimentId, trialId: text };
  if (RunId.safeParse(text).success)
    return { kind: "run", experimentId, trialId: text.split(".").slice(0, 2).join("."), runId: text };
  const uuid = text.toLowerCase();
  if (Uuid.safeParse(uuid).success) return { kind: "checkpoint", uuid };
  throw new UsageError(`\`${text}\` is no id: an experiment is 12, a trial 12.3, a checkpoint a UUID.`);
}

/** @throws UsageError for ids that are neither an experiment nor a trial */
export function parseTarget(text: string): Target {
  const id = parseId(text);
  if (id.kind === "experiment") return { experimentId: id.experimentId };
  if (id.kind === "trial") return { trialId: id.trialId };
  throw new UsageError(`\`${text}\` is neither an experiment (12) nor a trial (12.3).`);
}

export function parseExperiment(text: string): number {
  const id = parseId(text);
  if (id.kind !== "experiment") throw new UsageError(`\`${text}\` is not an experiment (for example 12).`);
  return id.experimentId;
}

export function parseTrial(text: string): string {
  const id = parseId(text);
  if (id.kind !== "trial") throw new UsageError(`\`${text}\` is not a trial (for example 12.3).`);
  return id.trialId;
}
