/** Commands of a search: more trials, a narrower space, a trial of one's own. */
import path from "node:path";
import * as vscode from "vscode";
import type { JsonObject } from "../../cluster/protocol/base.ts";
import type { Experiment } from "../../cluster/protocol/entities.ts";
import { messageOf } from "../errors.ts";
import { plural } from "../format.ts";
import { loadClient } from "../pool/client.ts";
import { isSingle } from "../views/nodes.ts";
import type { ConfigurationProblems } from "./configurationProblems.ts";
import type { TargetRow, Targets } from "./targets.ts";

const MOST_TRIALS = 1_000_000;

export class SearchCommands {
  readonly #targets: Targets;
  readonly #problems: ConfigurationProblems;
  constructor(targets: Targets, problems: ConfigurationProblems) {
    this.#targets = targets;
    this.#problems = problems;
  }

  /** One that has ended goes on with it. What cannot be changed so, the pool says. */
  async change(argument: unknown): Promise<void> {
    const row = await this.#search(argument, "Which search shall change?");
    if (!row) return;
    const { id } = row.experiment;
    const more = { label: "$(add) More Trials...", description: "one that has ended goes on" };
    const narrower = {
      label: "$(filter) A Narrower Space...",
      description: "the hyperparameters of a configuration, inside of the present ranges",
    };
    const what = await vscode.window.showQuickPick([more, narrower], { title: `Change search #${id}` });
    const change =
      what === undefined ? undefined : await (what === more ? askTrials : this.#askSpace)(row.experiment);
    if (change === undefined) return;
    const changed = await row.pool.call("search/change", { experimentId: id, ...change });
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

  /** What is wrong in the file is marked there; what is wider than the present space, the pool says. */
  readonly #askSpace = async (
    experiment: Experiment,
  ): Promise<{ hyperparameters: JsonObject } | undefined> => {
    const { snapshot, configuration, workspace } = experiment;
    const own = configuration === null ? null : path.join(snapshot.root, configuration);
    const [file] =
      (await vscode.window.showOpenDialog({
        title: `A narrower space for search #${experiment.id}`,
        defaultUri: vscode.Uri.file(own ?? workspace),
        filters: { Configuration: ["yaml", "yml", "json", "py"] },
        openLabel: "Use Its Hyperparameters",
      })) ?? [];
    if (file === undefined) return undefined;
    const { loadConfiguration } = await loadClient();
    const loaded = await loadConfiguration(file.fsPath).catch((error: unknown) =>
      this.#problems.explain(error, "Nothing was changed."),
    );
    return { hyperparameters: loaded.value.hyperparameters };
  };

  #search(argument: unknown, question: string): Promise<TargetRow | undefined> {
    return this.#targets.row(
      argument,
      question,
      ({ experiment, trial }) => trial === null && !isSingle(experiment),
    );
  }
}

async function askTrials({ id, trialsPlanned }: Experiment): Promise<{ maxTrials: number } | undefined> {
  const answer = await vscode.window.showInputBox({
    title: `Change search #${id}`,
    // Those that were added by hand are planned, too, so the pool knows best what is too few.
    prompt: `Trials that it makes in all${trialsPlanned === null ? "" : ` (${trialsPlanned} are planned)`}.`,
    validateInput: (value) => whyNoCount(value.trim()),
  });
  return answer === undefined ? undefined : { maxTrials: Number(answer.trim()) };
}

function whyNoCount(text: string): string | undefined {
  const isCount = /^\d{1,7}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_TRIALS;
  return isCount ? undefined : `A whole number from 1 to ${MOST_TRIALS} is needed.`;
}
