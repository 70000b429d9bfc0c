/** Commands of a search: more trials, a trial of one's own. */
import * as vscode from "vscode";
import type { JsonObject } from "../../cluster/protocol/base.ts";
import { messageOf } from "../errors.ts";
import { plural } from "../format.ts";
import { loadClient } from "../pool/client.ts";
import { isSingle } from "../views/nodes.ts";
import type { TargetRow, Targets } from "./targets.ts";

const MOST_TRIALS = 1_000_000;

export class SearchCommands {
  readonly #targets: Targets;
  constructor(targets: Targets) {
    this.#targets = targets;
  }

  /** One that has ended goes on with it. What cannot be changed so, the pool says. */
  async change(argument: unknown): Promise<void> {
    const row = await this.#search(argument, "Which search shall have more trials?");
    if (!row) return;
    const { id, trialsPlanned } = row.experiment;
    const answer = await vscode.window.showInputBox({
      title: `Change search #${id}`,
      // Those that were added by hand are planned, too, so the pool knows best what is too few.
      prompt: `Trials that it makes in all${trialsPlanned === null ? "" : ` (${trialsPlanned} are planned)`}. A narrower space: \`trainyard search change ${id} --config FILE\`.`,
      validateInput: (value) => whyNoCount(value.trim()),
    });
    if (answer === undefined) return;
    const changed = await row.pool.call("search/change", {
      experimentId: id,
      maxTrials: Number(answer.trim()),
    });
    const planned =
      changed.trialsPlanned === null ? "" : `: ${plural(changed.trialsPlanned, "trial")} in all`;
    vscode.window.setStatusBarMessage(`Search #${id} is changed${planned}`, 5000);
  }

  async addTrial(argument: unknown): Promise<void> {
    const row = await this.#search(argument, "Which search shall have another trial?");
    if (!row) return;
    const { readAssignments } = await loadClient();
    const read = (text: string): JsonObject => readAssignments(text.trim().split(/\s+/));
    const { pool, experiment } = row;
    const answer = await vscode.window.showInputBox({
      title: `Add a trial to search #${experiment.id}`,
      prompt: "A value for each hyperparameter with a range, for example lr=0.01 net.layers=3.",
      validateInput: (value) => {
        try {
          read(value);
          return undefined;
        } catch (error) {
          return messageOf(error);
        }
      },
    });
    if (answer === undefined) return;
    const { trialId } = await pool.call("search/addTrial", {
      experimentId: experiment.id,
      hyperparameters: read(answer),
    });
    vscode.window.setStatusBarMessage(`Trial ${trialId} is added`, 5000);
  }

  #search(argument: unknown, question: string): Promise<TargetRow | undefined> {
    return this.#targets.row(
      argument,
      question,
      ({ experiment, trial }) => trial === null && !isSingle(experiment),
    );
  }
}

function whyNoCount(text: string): string | undefined {
  const isCount = /^\d{1,7}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_TRIALS;
  return isCount ? undefined : `A whole number from 1 to ${MOST_TRIALS} is needed.`;
}
