/** What a command is for: the row it was called on, an id that was given, or what a person picks. */
import * as vscode from "vscode";
import type { Checkpoint, Experiment, Trial } from "../../cluster/protocol/entities.ts";
import { ShownError } from "../errors.ts";
import type { Pool } from "../pool/pool.ts";
import { experimentTitle } from "../views/labels.ts";
import { isSingle } from "../views/nodes.ts";
import { lookOf } from "../views/states.ts";

/** An experiment, and one of its trials where the row stands for one. */
export interface TargetRow {
  experiment: Experiment;
  trial: Trial | null;
}

export class Targets {
  readonly #pool: Pool;
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * @param argument a tree row, an experiment's number, or a trial's id (`"12.3"`); without one a person picks among
   * those that fit. Undefined when nothing was picked.
   */
  async row(
    argument: unknown,
    question: string,
    fits: (row: TargetRow) => boolean = () => true,
  ): Promise<TargetRow | undefined> {
    const given = readArgument(argument);
    if (given) {
      await this.#pool.connection();
      return this.#find(given);
    }
    await this.#pool.connection();
    const items = this.#rows()
      .filter(fits)
      .map((row) => ({ row, ...pickItem(row) }));
    if (items.length === 0) throw new ShownError("There is no experiment that this can be done with.");
    const picked = await vscode.window.showQuickPick(items, {
      placeHolder: question,
      matchOnDescription: true,
    });
    return picked?.row;
  }

  /** A row that stands for one trial. */
  async trial(
    argument: unknown,
    question: string,
    fits: (trial: Trial) => boolean = () => true,
  ): Promise<{ experiment: Experiment; trial: Trial } | undefined> {
    const row = await this.row(argument, question, ({ trial }) => trial !== null && fits(trial));
    if (!row) return undefined;
    const trial = row.trial ?? this.#pool.mirror?.trialsOf(row.experiment.id)[0];
    if (!trial) throw new ShownError(`${experimentTitle(row.experiment)} has no trial yet.`);
    return { experiment: row.experiment, trial };
  }

  async checkpoint(argument: unknown): Promise<{ experiment: Experiment; checkpoint: Checkpoint }> {
    await this.#pool.connection();
    const uuid =
      typeof argument === "string" ? argument : ((argument as { uuid?: unknown } | undefined)?.uuid ?? null);
    const checkpoint = typeof uuid === "string" ? this.#pool.mirror?.checkpoints.get(uuid) : undefined;
    const experiment = checkpoint && this.#pool.mirror?.experiments.get(checkpoint.experimentId);
    if (!checkpoint || !experiment) throw new ShownError("The pool does not have this checkpoint any more.");
    return { experiment, checkpoint };
  }

  #find({ experimentId, trialId }: { experimentId: number; trialId: string | null }): TargetRow {
    const experiment = this.#pool.mirror?.experiments.get(experimentId);
    if (!experiment)
      throw new ShownError(`The pool has no experiment ${experimentId}; it may have been deleted.`);
    const trial = trialId === null ? null : (this.#pool.mirror?.trials.get(trialId) ?? null);
    if (trialId !== null && !trial) throw new ShownError(`The pool has no trial ${trialId}.`);
    return { experiment, trial: trial ?? this.#only(experiment) };
  }

  #only(experiment: Experiment): Trial | null {
    return isSingle(experiment) ? (this.#pool.mirror?.trialsOf(experiment.id)[0] ?? null) : null;
  }

  /** Newest first: experiments, those of a search followed by their trials. */
  #rows(): TargetRow[] {
    const { mirror } = this.#pool;
    return [...(mirror?.experiments.values() ?? [])]
      .sort((a, b) => b.id - a.id)
      .flatMap((experiment) => {
        const trials = mirror?.trialsOf(experiment.id) ?? [];
        if (isSingle(experiment)) return [{ experiment, trial: trials[0] ?? null }];
        return [{ experiment, trial: null }, ...trials.map((trial) => ({ experiment, trial }))];
      });
  }
}

/** For calls that are for an experiment's trials or for one. */
export function rpcTarget({ experiment, trial }: TargetRow): { experimentId: number } | { trialId: string } {
  return trial ? { trialId: trial.id } : { experimentId: experiment.id };
}

function readArgument(argument: unknown): { experimentId: number; trialId: string | null } | null {
  if (typeof argument === "number") return { experimentId: argument, trialId: null };
  if (typeof argument === "string") {
    const [experiment] = argument.split(".");
    return { experimentId: Number(experiment), trialId: argument.includes(".") ? argument : null };
  }
  if (typeof argument !== "object" || argument === null || !("experimentId" in argument)) return null;
  const { experimentId, trialId } = argument as { experimentId: unknown; trialId?: unknown };
  if (typeof experimentId !== "number") return null;
  return { experimentId, trialId: typeof trialId === "string" ? trialId : null };
}

function pickItem({ experiment, trial }: TargetRow): vscode.QuickPickItem {
  const state = lookOf((trial ?? experiment).state);
  const own = trial === null || isSingle(experiment);
  return {
    label: `$(${state.icon}) ${own ? experimentTitle(experiment) : `Trial ${trial.id} of ${experiment.name}`}`,
    description: state.word,
  };
}
