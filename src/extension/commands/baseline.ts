/** Use as Baseline, Clear Baseline. */
import * as vscode from "vscode";
import type { Baselines } from "../baselines.ts";
import { ShownError } from "../errors.ts";
import { experimentTitle } from "../views/labels.ts";
import { standIn, type Targets } from "./targets.ts";

export class BaselineCommands {
  readonly #targets: Targets;
  readonly #baselines: Baselines;
  constructor(targets: Targets, baselines: Baselines) {
    this.#targets = targets;
    this.#baselines = baselines;
  }

  /** An experiment stands for the trial that is its best now. */
  async use(argument: unknown): Promise<void> {
    const row = await this.#targets.row(argument, "Which one shall the others be measured against?");
    if (!row) return;
    const { pool, experiment } = row;
    const trial = await standIn(row);
    if (!trial) throw new ShownError(`${experimentTitle(experiment)} has no trial yet.`);
    await this.#baselines.set(experiment, trial, pool.id);
    vscode.window.setStatusBarMessage(
      `The runs of ${experiment.script} are measured against ${trial.id}`,
      5000,
    );
  }

  async clear(argument: unknown): Promise<void> {
    const row = await this.#targets.row(
      argument,
      "Of which script shall the baseline be cleared?",
      ({ experiment }) => this.#baselines.of(experiment) !== null,
    );
    if (row) await this.#baselines.clear(row.experiment);
  }
}
