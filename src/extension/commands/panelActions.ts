/** What a page asks for. */
import * as vscode from "vscode";
import type { Experiment } from "../../cluster/protocol/entities.ts";
import type { PoolAction } from "../../webviews/contract/pool.ts";
import type { Action } from "../../webviews/contract/messages.ts";
import { poolUri, snapshotUri } from "../editor/poolFiles.ts";
import { openSource } from "../editor/source.ts";
import { ShownError } from "../errors.ts";
import { loadClient } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";
import { withProgress } from "../progress.ts";
import { WorkspaceFolders } from "../workspaceFolders.ts";
import type { AnnotationCommands } from "./annotations.ts";
import type { BaselineCommands } from "./baseline.ts";
import { type BrowseCommands, openFile } from "./browseFiles.ts";
import type { DataCommands } from "./data.ts";
import type { OutputCommands } from "./outputCommands.ts";
import type { PoolPython } from "./poolPython.ts";
import type { QueueCommands } from "./queue.ts";
import type { RestoreCommands } from "./restore.ts";
import { requireOpen } from "./resubmit.ts";
import { requireTrust } from "./script.ts";
import type { TrialCommands } from "./trialCommands.ts";

type OpenTrial = (poolId: string, experimentId: number, trialId: string) => Promise<void>;

export class PanelActions {
  readonly #trials: TrialCommands;
  readonly #annotations: AnnotationCommands;
  readonly #baselines: BaselineCommands;
  readonly #restores: RestoreCommands;
  readonly #browses: BrowseCommands;
  readonly #outputs: OutputCommands;
  readonly #data: DataCommands;
  readonly #poolPython: PoolPython;
  readonly #queue: QueueCommands;
  readonly #open: OpenTrial;
  constructor(
    trials: TrialCommands,
    annotations: AnnotationCommands,
    baselines: BaselineCommands,
    restores: RestoreCommands,
    browses: BrowseCommands,
    outputs: OutputCommands,
    data: DataCommands,
    poolPython: PoolPython,
    queue: QueueCommands,
    open: OpenTrial,
  ) {
    this.#trials = trials;
    this.#annotations = annotations;
    this.#baselines = baselines;
    this.#restores = restores;
    this.#browses = browses;
    this.#outputs = outputs;
    this.#data = data;
    this.#poolPython = poolPython;
    this.#queue = queue;
    this.#open = open;
  }

  async act(pool: Pool, experimentId: number, action: Action): Promise<void> {
    const poolId = pool.id;
    switch (action.action) {
      case "pause":
      case "resume":
      case "stop":
      case "kill":
        return this.#trials.control(action.action, { poolId, experimentId, trialId: action.trialId });
      case "restore":
        await this.#restores.run("restore", { poolId, uuid: action.uuid });
        return;
      case "pin":
        await this.#restores.run(action.pinned ? "pin" : "unpin", { poolId, uuid: action.uuid });
        return;
      case "browse":
        await this.#browses.browse({ poolId, uuid: action.uuid });
        return;
      case "copy":
        return vscode.env.clipboard.writeText(action.text);
      case "openSource":
        return openSource(pool, await experimentOf(pool, experimentId), action.file, action.line);
      case "openSnapshotFile":
        return openFile(snapshotUri(poolId, experimentId, action.path));
      case "openRunFile":
        own(experimentId, action.runId);
        return openFile(poolUri(poolId, { kind: "run", runId: action.runId }, action.path));
      case "pullRunFile":
        own(experimentId, action.runId);
        return this.#pull(pool, await experimentOf(pool, experimentId), action.runId, action.path);
      case "openOutput":
        own(experimentId, action.runId);
        return this.#outputs.document(pool, action);
      case "followOutput":
        own(experimentId, action.runId);
        return this.#outputs.terminal(pool, action);
      case "link":
        return this.#link(await experimentOf(pool, experimentId), action.path);
      case "sendData":
        return this.#data.send({ poolId, experimentId, trialId: action.trialId });
      case "mapData":
        return this.#data.map({ poolId, experimentId, trialId: action.trialId });
      case "setMetric": {
        const { group, name, smallerIsBetter } = action;
        await pool.call("experiment/setMetric", { experimentId, group, name, smallerIsBetter });
        return;
      }
      case "changeQueue":
        return this.#queue.change(pool, action.change);
      case "chooseInterpreter":
        return this.#poolPython.chooseFor(pool, await experimentOf(pool, experimentId));
      case "rename":
        return this.#annotations.rename({ poolId, experimentId, trialId: action.trialId });
      case "editLabels":
        return this.#annotations.editLabels({ poolId, experimentId, trialId: action.trialId });
      case "editNotes":
        return this.#annotations.editNotes({ poolId, experimentId, trialId: action.trialId });
      case "star":
        own(experimentId, action.trialId);
        return this.#annotations.star({ poolId, experimentId, trialId: action.trialId }, action.starred);
      case "useAsBaseline":
        return this.#baselines.use({ poolId, experimentId, trialId: action.trialId });
      case "clearBaseline":
        return this.#baselines.clear({ poolId, experimentId });
      case "reconnect":
        return pool.reconnect();
    }
  }

  async actOnPool(pool: Pool, action: PoolAction): Promise<void> {
    switch (action.action) {
      case "open":
        return this.#open(pool.id, Number(action.trialId.split(".")[0]), action.trialId);
      case "changeQueue":
        return this.#queue.change(pool, action.change);
      case "reconnect":
        return pool.reconnect();
    }
  }

  async #pull(pool: Pool, experiment: Experiment, runId: string, name: string): Promise<void> {
    const open = vscode.workspace.workspaceFolders;
    const place = new WorkspaceFolders(open).folderOf(experiment) ?? open?.[0]?.uri;
    if (!place)
      throw new ShownError(
        "A file is pulled into the open folder, and none is open.",
        "Open a folder first.",
      );
    const client = await loadClient();
    const attempt = (replace: boolean): ReturnType<typeof client.pullRunFile> =>
      withProgress(`Pulling ${name}`, async (signal) =>
        client.pullRunFile({
          connection: await pool.connection(),
          runId,
          name,
          destination: vscode.Uri.joinPath(place, "outputs", runId).fsPath,
          replace,
          signal,
        }),
      );
    const { kind, file } = await attempt(false);
    if (kind === "conflict") {
      const replace = "Replace";
      const answer = await vscode.window.showWarningMessage(
        `${vscode.workspace.asRelativePath(file)} is not what the run has.`,
        {
          modal: true,
          detail: "It was changed here or in the run since. Replacing it deletes what is here.",
        },
        replace,
      );
      if (answer !== replace) return;
      await attempt(true);
    }
    await vscode.commands.executeCommand("revealInExplorer", vscode.Uri.file(file));
  }

  /** For the next submits of this folder; the experiment itself is what it was. */
  async #link(experiment: Experiment, path: string): Promise<void> {
    requireTrust();
    requireOpen(experiment, "Open that folder first.");
    const client = await loadClient();
    const plan = await client.planSnapshot({
      folder: experiment.workspace,
      stateFolder: client.defaultStateFolder(),
    });
    await client.linkPath(plan, path);
    void vscode.window.showInformationMessage(`${path} is linked into the next runs of this folder.`);
  }
}

async function experimentOf(pool: Pool, experimentId: number): Promise<Experiment> {
  await (await pool.reader()).experiment(experimentId);
  const experiment = pool.mirror?.experiments.get(experimentId);
  if (!experiment) throw new ShownError(`The pool has no experiment ${experimentId} any more.`);
  return experiment;
}

/** Ids of trials and runs begin with their experiment's. */
function own(experimentId: number, id: string): void {
  if (!id.startsWith(`${experimentId}.`)) throw new ShownError(`${id} is not of experiment ${experimentId}.`);
}
