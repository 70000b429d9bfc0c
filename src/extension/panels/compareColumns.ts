/** The columns of a comparison as far as the pools are known. Pure. */
import type { PoolMirror } from "../../cluster/client/mirror.ts";
import { standsFor } from "../../cluster/client/compare/standsFor.ts";
import type { Experiment, Run, Trial } from "../../cluster/protocol/entities.ts";
import type { CompareColumn, Subject } from "../../webviews/contract/compare.ts";
import { isSingle } from "../views/nodes.ts";

export interface KnownPool {
  name: string;
  isLocal: boolean;
  isConnected: boolean;
  mirror: Pick<PoolMirror, "experiments" | "trialsOf" | "runsOf"> | null;
}
/** Of a column whose trial is there. */
export interface KnownTrial {
  experiment: Experiment;
  trial: Trial;
  runs: Run[];
}

export function columnOf(
  subject: Subject,
  pool: KnownPool | null,
): { column: CompareColumn; known: KnownTrial | null } {
  const id = subject.trialId ?? `#${subject.experimentId}`;
  if (pool === null) return missing(subject, id, "Its pool is not in the list any more.");
  const experiment = pool.mirror?.experiments.get(subject.experimentId);
  const away = pool.isConnected
    ? null
    : `Not connected to ${pool.name}; what is shown is the last that was known.`;
  if (!pool.mirror || !experiment)
    return missing(subject, id, away === null ? "It was deleted." : `Not connected to ${pool.name}.`);
  const trials = pool.mirror.trialsOf(experiment.id);
  const trial =
    subject.trialId === null
      ? standsFor(experiment, trials)
      : (trials.find(({ id: one }) => one === subject.trialId) ?? null);
  const shortId = isSingle(experiment) || !trial ? `#${experiment.id}` : trial.id;
  const label = pool.isLocal ? shortId : `${shortId} ${pool.name}`;
  const name = trial?.name ?? experiment.name;
  if (!trial)
    return {
      column: { subject, label, name, trial: null, problem: away ?? "It has no trial yet." },
      known: null,
    };
  const { number, state, startedAt } = trial;
  const shown = { id: trial.id, number, state, startedAt, tree: experiment.snapshot.tree };
  return {
    column: { subject, label, name, trial: shown, problem: away },
    known: { experiment, trial, runs: pool.mirror.runsOf(trial.id) },
  };
}

function missing(subject: Subject, label: string, problem: string): ReturnType<typeof columnOf> {
  return { column: { subject, label, name: "", trial: null, problem }, known: null };
}
