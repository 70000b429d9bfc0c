/**
 * Run Here Under the Debugger: a trial's script as it is in the workspace, with that trial's parameters, seed and checkpoint, under the
 * Python extension's debugger. It is no experiment: nothing of it is tracked.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import type { LocalLaunch } from "../../cluster/client/localLaunch.ts";
import type { Checkpoint, Experiment, Trial } from "../../cluster/protocol/entities.ts";
import { ShownError } from "../errors.ts";
import { compareWithRun, isAsItRan } from "../editor/source.ts";
import { loadClient } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";
import { withProgress } from "../progress.ts";
import { WorkspaceFolders } from "../workspaceFolders.ts";
import { checkpointRows } from "./checkpointRows.ts";
import { type Debugged, debugConfiguration, isReplaced, type Told, toldLines } from "./debugConfiguration.ts";
import { editorInterpreter } from "./interpreter.ts";
import { requireDebugger } from "./pythonDebugger.ts";
import { progressOf } from "./restoreProgress.ts";
import { requireOpen } from "./resubmit.ts";
import { folderOf, isScript, requireTrust } from "./script.ts";
import type { Secrets } from "./secrets.ts";
import type { SubmitMemory } from "./submitMemory.ts";
import type { Targets } from "./targets.ts";

export interface DebugNeeds {
  readonly targets: Targets;
  readonly memory: SubmitMemory;
  readonly secrets: Secrets;
  readonly log: vscode.LogOutputChannel;
  readonly context: vscode.ExtensionContext;
}

interface TrialTarget {
  pool: Pool;
  experiment: Experiment;
  trial: Trial;
}

export class DebugCommands {
  readonly #needs: DebugNeeds;
  constructor(needs: DebugNeeds) {
    this.#needs = needs;
  }

  /** @param argument a trial's row or id; without one a person picks a trial, or the open script as it is */
  async debug(argument: unknown): Promise<boolean | undefined> {
    requireTrust("The debugger runs the script, so this folder has to be trusted first.");
    requireDebugger();
    const open = vscode.window.activeTextEditor?.document;
    if (argument === undefined && open && isScript(open) && open.uri.scheme === "file") {
      const chosen = await askWhat(path.basename(open.uri.fsPath));
      if (chosen === undefined) return undefined;
      if (chosen === "script") return this.#start(await this.#openScript(open.uri));
    }
    const target = await this.#needs.targets.trial(argument, "Whose parameters and checkpoint?");
    if (!target) return undefined;
    const debugged = await this.#trial(target);
    return debugged && this.#start(debugged);
  }

  /** As a run from a terminal: its own defaults, and what it was submitted with last. */
  async #openScript(uri: vscode.Uri): Promise<Debugged> {
    const [file, folder] = [uri.fsPath, folderOf(uri)];
    const client = await loadClient();
    const editorChoice = await editorInterpreter(file, this.#needs.log);
    const { path: python } = await client.interpreterHere(null, { script: file, folder, editorChoice });
    return {
      name: path.basename(file),
      ...{ folder, python, start: { script: file } },
      arguments: this.#needs.memory.optionsOf(file).arguments,
      environment: {},
      parameters: null,
      checkpoint: null,
    };
  }

  async #trial(target: TrialTarget): Promise<Debugged | undefined> {
    const { pool, experiment, trial } = target;
    if (experiment.imported !== undefined)
      throw new ShownError(
        `Experiment ${experiment.id} was imported from ${experiment.imported.from}: its script is not known here.`,
        "Open the script itself, and run that one under the debugger.",
      );
    requireOpen(experiment, "Open that folder, then try again.");
    const client = await loadClient();
    const { request, configuration } = await pool.call("experiment/get", {
      ...{ experimentId: experiment.id, contents: "none" },
    });
    const launch = client.localLaunch({
      script: experiment.script,
      arguments: request?.arguments ?? [],
      configuration: configuration.value,
      hyperparameters: trial.hyperparameters,
    });
    const folder = new WorkspaceFolders(vscode.workspace.workspaceFolders).asOpened(experiment.workspace);
    const start =
      "script" in launch.start ? { script: path.resolve(folder, launch.start.script) } : launch.start;
    const environment = pool.place.isRemote
      ? await this.#fromElsewhere(pool.name, folder, { ...launch, start })
      : launch.environment;
    if (environment === null) return undefined;
    if ("script" in start && !(await isCodeWanted(target, folder, start.script))) return undefined;
    const checkpoint = await pickStart(pool, experiment, trial);
    if (checkpoint === undefined) return undefined;
    const editorChoice = await editorInterpreter(path.join(folder, experiment.script), this.#needs.log);
    const { path: python } = await client.interpreterHere(
      pool.place.isRemote ? null : configuration.value, // its host has interpreters of its own
      { script: path.join(folder, experiment.script), folder, editorChoice },
    );
    const secrets = await this.#needs.secrets.values(launch.secretNames);
    return {
      name: `Trial ${trial.id} (${experiment.name})`,
      ...{ folder, python, start, arguments: launch.arguments },
      environment: withSecrets(environment, secrets),
      parameters: { hyperparameters: trial.hyperparameters, seed: trial.seed },
      checkpoint: checkpoint === null ? null : await this.#bring(pool, checkpoint),
    };
  }

  /**
   * What another host says is started here is checked, and seen by the person.
   * @returns the variables that are taken from it; null: the person thought better of it
   */
  async #fromElsewhere(
    pool: string,
    folder: string,
    launch: Pick<LocalLaunch, "start" | "arguments" | "environment">,
  ): Promise<Record<string, string> | null> {
    const client = await loadClient();
    await client.requireOwnCode(folder, launch.start);
    const { environment, left } = client.withoutLoading(launch.environment);
    if (left.length > 0)
      this.#needs.log.info(`Not taken from ${pool}, as they load other code: ${left.join(", ")}`);
    const isWanted = await isTellingWanted(pool, { arguments: launch.arguments, environment });
    return isWanted ? environment : null;
  }

  /** @returns the folder of its files */
  async #bring(pool: Pool, { uuid, step }: Checkpoint): Promise<string> {
    const client = await loadClient();
    return withProgress(`Restoring step ${step} for the debugger`, async (signal, report) =>
      client.cachedCheckpoint({
        folder: vscode.Uri.joinPath(this.#needs.context.globalStorageUri, "checkpoints").fsPath,
        connection: await pool.connection(signal),
        reconnect: (given) => pool.whenConnected(given),
        onCut: () => report({ message: `Not connected: waiting for ${pool.name}` }),
        ...{ uuid, signal },
        onProgress: (progress) => report(progressOf(progress)),
      }),
    );
  }

  async #start(debugged: Debugged): Promise<boolean> {
    const packages = vscode.Uri.joinPath(this.#needs.context.extensionUri, "dist", "python").fsPath;
    const configuration = debugConfiguration(debugged, packages, process.env.PYTHONPATH);
    if (isReplaced(configuration))
      throw new ShownError(
        `${debugged.name} has \`\${\` in an argument, a path or a variable, which the editor would replace by something else.`,
        "Run the script without it, or from a terminal.",
      );
    const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(debugged.folder));
    const started = await vscode.debug.startDebugging(folder, configuration);
    if (!started)
      throw new ShownError(
        `${debugged.name} was not started: the Python debugger refused it.`,
        "The Debug Console and the Python Debugger's own log say why.",
      );
    return started;
  }
}

async function askWhat(name: string): Promise<"script" | "trial" | undefined> {
  const picked = await vscode.window.showQuickPick(
    [
      { label: `$(file) ${name}`, description: "as it is, with its own defaults", what: "script" as const },
      {
        label: "$(beaker) A Trial...",
        description: "with its parameters and checkpoint",
        what: "trial" as const,
      },
    ],
    { placeHolder: "What shall run here under the debugger?" },
  );
  return picked?.what;
}

/**
 * @param folder the experiment's workspace as it is open here
 * @param script absolute path
 * @returns false when the person wants to look first, or gives up. Throws when it is gone.
 */
async function isCodeWanted(
  { pool, experiment, trial }: TrialTarget,
  folder: string,
  script: string,
): Promise<boolean> {
  const shown = vscode.workspace.asRelativePath(script);
  if (!existsSync(script))
    throw new ShownError(
      `${shown} is not in the workspace any more.`,
      "Restore a checkpoint with its code, and open that folder.",
    );
  const own = vscode.Uri.file(script);
  const ran = path.join(experiment.workspace, path.relative(folder, script));
  const file = path.relative(experiment.snapshot.root, ran);
  if (await isAsItRan(pool, experiment, file, own)) return true;
  const run = "Run the Present Code";
  const compare = "Compare";
  const answer = await vscode.window.showWarningMessage(
    `${shown} has changed since trial ${trial.id} ran.`,
    {
      modal: true,
      detail: "The debugger runs the script as it is now, with that trial's parameters and checkpoint.",
    },
    ...[run, compare],
  );
  if (answer === compare) await compareWithRun(pool, experiment, file, own);
  return answer === run;
}

/** What another host says is started here only after the person has seen it: it may name a secret, and send it somewhere. */
async function isTellingWanted(pool: string, told: Told): Promise<boolean> {
  const lines = toldLines(told);
  if (lines.length === 0) return true;
  const run = "Run With These";
  const answer = await vscode.window.showWarningMessage(
    `${pool} says what the script is to be started with here.`,
    { modal: true, detail: lines.join("\n") },
    run,
  );
  return answer === run;
}

/** Null: from the beginning. Undefined: nothing was picked. */
async function pickStart(
  pool: Pool,
  experiment: Experiment,
  trial: Trial,
): Promise<Checkpoint | null | undefined> {
  const rows = checkpointRows(pool.mirror?.checkpointsOf(trial.id) ?? [], experiment.metric, Date.now());
  if (rows.length === 0) return null;
  const picked = await vscode.window.showQuickPick(
    [
      ...rows.map(({ label, description, detail, checkpoint }) => ({
        label,
        description,
        detail,
        checkpoint,
      })),
      {
        label: "$(debug-start) Without a Checkpoint",
        description: "from the beginning",
        detail: "",
        checkpoint: null,
      },
    ],
    { placeHolder: `Where shall trial ${trial.id} go on from, here under the debugger?` },
  );
  return picked?.checkpoint;
}

function withSecrets(
  environment: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value.replace(/\$\{secret:([^}]+)\}/g, (written, secret: string) =>
        Object.hasOwn(secrets, secret) ? (secrets[secret] ?? "") : written,
      ),
    ]),
  );
}
