/** Brings a checkpoint back into the workspace, alone or with the code that made it, or as a new experiment's start. */
import path from "node:path";
import * as vscode from "vscode";
import type { Checkpoint, Experiment } from "../../cluster/protocol/entities.ts";
import { NotConnectedError, ShownError } from "../errors.ts";
import { withoutLinks } from "../links.ts";
import { loadClient } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";
import { withProgress } from "../progress.ts";
import { settings } from "../settings.ts";
import { experimentTitle } from "../views/labels.ts";
import { WorkspaceFolders } from "../workspaceFolders.ts";
import { COMMANDS } from "./commandIds.ts";
import { restoreDestination } from "./restoreFolder.ts";
import type { RestoreMemory } from "./restoreMemory.ts";
import { pickCheckpoint, type RestoreChoice } from "./restorePick.ts";
import { progressOf } from "./restoreProgress.ts";
import { resubmit } from "./resubmit.ts";
import type { SubmitCommands } from "./submit.ts";
import type { Targets } from "./targets.ts";

interface Restorable {
  pool: Pool;
  experiment: Experiment;
  checkpoint: Checkpoint;
}

export class RestoreCommands {
  readonly #targets: Targets;
  readonly #submits: SubmitCommands;
  readonly #memory: RestoreMemory;
  readonly #openPanel: (poolId: string, experimentId: number) => Promise<void>;

  constructor(
    targets: Targets,
    submits: SubmitCommands,
    memory: RestoreMemory,
    openPanel: (poolId: string, experimentId: number) => Promise<void>,
  ) {
    this.#targets = targets;
    this.#submits = submits;
    this.#memory = memory;
    this.#openPanel = openPanel;
  }

  /** The editor was closed, or reloaded, in the middle of a restore: asked once whether it shall go on. */
  async offerToContinue(): Promise<void> {
    const go = "Continue";
    for (const { uuid, poolId, what } of await this.#memory.take()) {
      const message = withoutLinks(`Restoring ${what} was interrupted.`);
      const answer = await vscode.window.showInformationMessage(message, go);
      if (answer === go) await vscode.commands.executeCommand(COMMANDS.restoreCheckpoint, { uuid, poolId });
    }
  }

  /** A click on a run: its checkpoints; its panel when it has none. @returns the folder of what was restored */
  async pick(argument: unknown): Promise<string | undefined> {
    const target = await this.#targets.trial(
      argument,
      "Whose checkpoint shall be restored?",
      (trial) => trial.latestCheckpoint !== null,
    );
    if (!target) return undefined;
    const { pool, experiment, trial } = target;
    if ((pool.mirror?.checkpointsOf(trial.id) ?? []).length === 0) {
      await this.#openPanel(pool.id, experiment.id);
      return undefined;
    }
    const picked = await pickCheckpoint(pool, experiment, trial, (choice, checkpoint) =>
      this.#act(choice, { pool, experiment, checkpoint }),
    );
    return picked && this.#act(picked.choice, { pool, experiment, checkpoint: picked.checkpoint });
  }

  async run(choice: RestoreChoice, argument: unknown): Promise<string | undefined> {
    return this.#act(choice, await this.#targets.checkpoint(argument));
  }

  async #act(choice: RestoreChoice, what: Restorable): Promise<string | undefined> {
    const { pool, checkpoint } = what;
    switch (choice) {
      case "restore":
        return this.#restore(what);
      case "withCode":
        return this.#restoreWithCode(what);
      case "resume":
        return this.#resume(what);
      case "copyPath": {
        const place = path.join(
          (await pool.connection()).pool.folder,
          "checkpoints",
          checkpoint.uuid,
          "files",
        );
        await vscode.env.clipboard.writeText(place);
        vscode.window.setStatusBarMessage("Copied the checkpoint's path in the pool", 3000);
        return undefined;
      }
      case "pin":
      case "unpin":
        await pool.call("checkpoint/pin", { uuid: checkpoint.uuid, pinned: choice === "pin" });
        return undefined;
    }
  }

  async #restore({ pool, experiment, checkpoint }: Restorable): Promise<string | undefined> {
    const folder = restoreRoot(experiment);
    const destination = restoreDestination(
      folder.fsPath,
      settings.restoreFolder(folder),
      pool.id,
      experiment,
      checkpoint,
    );
    const { uuid, step } = checkpoint;
    await this.#memory.begin({
      ...{ uuid, poolId: pool.id },
      what: `step ${step} of ${experimentTitle(experiment)}`,
    });
    const restored = await this.#bring(pool, checkpoint, destination).catch(async (error: unknown) => {
      // Without a connection what has arrived is kept.
      if (!(error instanceof NotConnectedError)) await this.#memory.end(uuid);
      throw error;
    });
    await this.#memory.end(uuid);
    if (!restored) return undefined;
    await vscode.commands.executeCommand("revealInExplorer", vscode.Uri.file(destination));
    const shown = vscode.workspace.asRelativePath(destination);
    void vscode.window.showInformationMessage(
      restored === "already" ? `Already here and verified: ${shown}` : `Restored and verified: ${shown}`,
    );
    return destination;
  }

  /** @returns undefined when the person keeps what is in its place */
  async #bring(
    pool: Pool,
    checkpoint: Checkpoint,
    destination: string,
  ): Promise<"restored" | "already" | undefined> {
    const client = await loadClient();
    const shown = vscode.workspace.asRelativePath(destination);
    const attempt = (replace: boolean): ReturnType<typeof client.restoreThroughCuts> =>
      withProgress(`Restoring step ${checkpoint.step} to ${shown}`, async (signal, report) =>
        client.restoreThroughCuts({
          connection: await pool.connection(signal),
          reconnect: (given) => pool.whenConnected(given),
          onCut: () => report({ message: `Not connected: waiting for ${pool.name}` }),
          uuid: checkpoint.uuid,
          destination,
          replace,
          signal,
          onProgress: (progress) => report(progressOf(progress)),
        }),
      );
    const first = await attempt(false);
    if (first.kind !== "conflict") return first.kind;
    const replace = "Replace";
    const answer = await vscode.window.showWarningMessage(
      `There is something else in ${shown}.`,
      { modal: true, detail: `${first.reason} Replacing it deletes what is there.` },
      replace,
    );
    if (answer !== replace) return undefined;
    const second = await attempt(true);
    if (second.kind === "conflict") throw new ShownError(`${shown}: ${second.reason}`);
    return second.kind;
  }

  async #restoreWithCode(what: Restorable): Promise<string | undefined> {
    const { pool, experiment } = what;
    const destination = await this.#restore(what);
    if (destination === undefined) return undefined;
    const client = await loadClient();
    const place = `${destination}-code`;
    const { folder: here, note } = await withProgress(
      `Restoring the code of experiment ${experiment.id}`,
      async (signal) =>
        client.restoreCode({
          connection: await pool.connection(signal),
          experimentId: experiment.id,
          destination: place,
          workspace: restoreRoot(experiment).fsPath,
          signal,
        }),
    );
    if (note !== null) void vscode.window.showInformationMessage(note);
    const open = "Open in New Window";
    void vscode.window
      .showInformationMessage(`The code that made it: ${vscode.workspace.asRelativePath(here)}`, open)
      .then((answer) => {
        if (answer === open)
          void vscode.commands.executeCommand("vscode.openFolder", vscode.Uri.file(here), {
            forceNewWindow: true,
          });
      });
    return here;
  }

  /** The code as it is now, from the checkpoint's state on. */
  async #resume({ pool, experiment, checkpoint }: Restorable): Promise<undefined> {
    await resubmit(
      this.#submits,
      { pool, experiment, checkpoint: checkpoint.uuid },
      "restore the checkpoint with its code and submit from there.",
    );
    return undefined;
  }
}

/** The folder that it was submitted from where that is open, else the first open one. */
function restoreRoot(experiment: Experiment): vscode.Uri {
  const open = vscode.workspace.workspaceFolders;
  const folder = new WorkspaceFolders(open).folderOf(experiment) ?? open?.[0]?.uri;
  if (!folder)
    throw new ShownError(
      "A checkpoint is restored into the open folder, and none is open.",
      "Open a folder first.",
    );
  return folder;
}
