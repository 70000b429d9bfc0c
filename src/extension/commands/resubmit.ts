/** Submits again what an experiment ran: the code as it is now, with what it was submitted with. */
import { existsSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import type { Experiment } from "../../cluster/protocol/entities.ts";
import { ShownError } from "../errors.ts";
import type { Pool } from "../pool/pool.ts";
import { WorkspaceFolders } from "../workspaceFolders.ts";
import type { SubmitCommands } from "./submit.ts";

/** The pool says where that was: only a folder that the person has opened is run from. @throws ShownError */
export function requireOpen(experiment: Experiment, otherwise: string): void {
  if (experiment.workspace === "")
    throw new ShownError(
      `The folder that experiment ${experiment.id} was submitted from is not known.`,
      "Submit its script from where it is.",
    );
  if (new WorkspaceFolders(vscode.workspace.workspaceFolders).has(experiment)) return;
  throw new ShownError(
    `Experiment ${experiment.id} was submitted from ${experiment.workspace}, which is not open.`,
    otherwise,
  );
}

/** @param checkpoint to go on from; without one from where the experiment itself began */
export async function resubmit(
  submits: SubmitCommands,
  { pool, experiment, checkpoint }: { pool: Pool; experiment: Experiment; checkpoint?: string },
  otherwise: string,
): Promise<void> {
  if (experiment.imported !== undefined)
    throw new ShownError(
      `Experiment ${experiment.id} was imported from ${experiment.imported.from}: its script is not known here.`,
      "Submit the script itself.",
    );
  requireOpen(experiment, `Open that folder, or ${otherwise}`);
  const file = path.join(experiment.workspace, experiment.script);
  if (!existsSync(file))
    throw new ShownError(
      `${experiment.script} is not in ${experiment.workspace} any more.`,
      otherwise.charAt(0).toUpperCase() + otherwise.slice(1),
    );
  const { request } = await pool.call("experiment/get", { experimentId: experiment.id, contents: "none" });
  await submits.submitScript(
    { file, folder: experiment.workspace },
    {
      arguments: request?.arguments ?? [],
      slots: experiment.slotsPerTrial,
      launcher: request?.launcher ?? "python",
      configuration:
        experiment.configuration === null
          ? null
          : { file: path.resolve(experiment.snapshot.root, experiment.configuration) },
    },
    { pool, startFrom: checkpoint ?? request?.startFrom ?? null, isRepeat: true },
  );
}
