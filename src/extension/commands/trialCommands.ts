/** Commands of rows of the tree: control, copy, delete. */
import * as vscode from "vscode";
import { ShownError } from "../errors.ts";
import { formatBytes, plural } from "../format.ts";
import { experimentTitle } from "../views/labels.ts";
import { isFinal } from "../views/states.ts";
import { rpcTarget, type TargetRow, type Targets } from "./targets.ts";

export type ControlVerb = "pause" | "resume" | "stop" | "kill";

const QUESTIONS: Readonly<Record<ControlVerb, string>> = {
  pause: "Which one shall checkpoint and give its slots back?",
  resume: "Which one shall go on?",
  stop: "Which one shall be asked to end?",
  kill: "Which one shall be killed, with its whole process tree?",
};

export class TrialCommands {
  readonly #targets: Targets;
  constructor(targets: Targets) {
    this.#targets = targets;
  }

  /** Stop and kill do not ask: what was checkpointed stays, and the code can be submitted again. */
  async control(verb: ControlVerb, argument: unknown): Promise<void> {
    const row = await this.#targets.row(argument, QUESTIONS[verb], (candidate) => canDo(verb, candidate));
    if (!row) return;
    const reason = verb === "pause" ? whyNotPausable(row) : null;
    if (reason !== null) throw new ShownError(`${experimentTitle(row.experiment)} cannot be paused.`, reason);
    await row.pool.call(`trial/${verb}`, rpcTarget(row));
  }

  /** For who waits: it checkpoints, and goes on when its turn comes again. */
  async giveBack(argument: unknown): Promise<void> {
    const target = await this.#targets.trial(
      argument,
      "Which one shall give its slot to who waits?",
      ({ state }) => state === "running",
    );
    if (target) await target.pool.call("trial/preempt", { trialId: target.trial.id });
  }

  async copyId(argument: unknown): Promise<void> {
    const row = await this.#targets.row(argument, "Whose id shall be copied?");
    if (!row) return;
    const id = row.trial?.id ?? String(row.experiment.id);
    await vscode.env.clipboard.writeText(id);
    vscode.window.setStatusBarMessage(`Copied ${id}`, 3000);
  }

  async delete(argument: unknown): Promise<void> {
    const row = await this.#targets.row(argument, "Which experiment shall be deleted?");
    if (!row) return;
    const { pool, experiment } = row;
    const { bytes, checkpoints } = await pool.call("experiment/delete", {
      experimentId: experiment.id,
      confirm: false,
    });
    const living = isFinal(experiment.state) ? "" : " It is not finished: it is killed first.";
    const yes = "Delete";
    const answer = await vscode.window.showWarningMessage(
      `Delete ${experimentTitle(experiment)}?`,
      {
        modal: true,
        detail:
          `${formatBytes(bytes)} on the disk of the pool, ${plural(checkpoints, "checkpoint")} among them, ` +
          `and its curves and output. This cannot be undone.${living} What was restored stays.`,
      },
      yes,
    );
    if (answer !== yes) return;
    await pool.call("experiment/delete", { experimentId: experiment.id, confirm: true });
  }
}

/** The pool would pass over a search of which no trial can be paused. */
function whyNotPausable({ pool, experiment, trial }: TargetRow): string | null {
  const { waiting = 0, paused = 0 } = experiment.trialCounts;
  // Who waits has nothing to lose, and is not known one by one.
  if (!trial && waiting + paused > 0) return null;
  const trials = trial ? [trial] : (pool.mirror?.holdingOf(experiment.id) ?? []);
  const living = trials.filter(({ state }) => !isFinal(state));
  if (living.some(({ pausable }) => pausable.possible)) return null;
  return living[0]?.pausable.reason ?? null;
}

/** What runs is offered for a pause also where it cannot be: then the reason is said. */
function canDo(verb: ControlVerb, { experiment, trial }: TargetRow): boolean {
  const state = (trial ?? experiment).state;
  if (isFinal(state)) return false;
  if (verb === "resume") return state === "paused";
  if (verb === "pause") return state === "running";
  return true;
}
