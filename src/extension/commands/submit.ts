/** Submit: the script as it stands, with what was chosen last. The path itself is the client's submitExperiment(). */
import * as vscode from "vscode";
import type { SubmitStep, Submitted } from "../../cluster/client/submit.ts";
import { loadClient } from "../pool/client.ts";
import { POOL_NAME, type Pool } from "../pool/pool.ts";
import { withProgress } from "../progress.ts";
import type { ConfigurationProblems } from "./configurationProblems.ts";
import { editorInterpreter } from "./interpreter.ts";
import { findScript, requireTrust, saveEditors, type Script } from "./script.ts";
import type { Secrets } from "./secrets.ts";
import { askAboutSize } from "./sizeQuestion.ts";
import { describeSubmit, type ScriptOptions, type SubmitMemory } from "./submitMemory.ts";
import { askOptions } from "./submitOptions.ts";

/** Time to read what was submitted, with which arguments. */
const SUBMITTED_MS = 8000;

const STEPS: Readonly<Record<SubmitStep, string>> = {
  planning: "looking at the code",
  connecting: "connecting to the pool",
  snapshotting: "taking the snapshot",
  sending: "sending the snapshot",
  submitting: "submitting",
};

export interface SubmitDependencies {
  pool: Pool;
  log: vscode.LogOutputChannel;
  memory: SubmitMemory;
  secrets: Secrets;
  problems: ConfigurationProblems;
  /** What happens when the experiment is there: its panel opens, its row is selected. */
  submitted: (experimentId: number, trialId: string | null) => void;
}

export class SubmitCommands {
  readonly #needs: SubmitDependencies;
  constructor(needs: SubmitDependencies) {
    this.#needs = needs;
  }

  /** @returns the new experiment's id, or undefined when the person thought better of it */
  async submit(argument: unknown): Promise<number | undefined> {
    const script = await this.#script(argument);
    if (!script) return undefined;
    return this.submitScript(script, this.#needs.memory.optionsOf(script.file), null);
  }

  async submitWithOptions(argument: unknown): Promise<number | undefined> {
    const script = await this.#script(argument);
    if (!script) return undefined;
    const options = await askOptions(script, this.#needs.memory.optionsOf(script.file));
    return options && this.submitScript(script, options, null);
  }

  /** @param startFrom the checkpoint that the run goes on from */
  async submitScript(
    script: Script,
    options: ScriptOptions,
    startFrom: string | null,
  ): Promise<number | undefined> {
    const { memory, log, problems } = this.#needs;
    requireTrust();
    if (!(await this.#choosePool())) return undefined;
    const { configuration } = options;
    const chosen = configuration === null || configuration === "auto" ? null : configuration.file;
    if (!(await saveEditors(script, chosen))) return undefined;
    problems.clear();
    const what = describeSubmit(script.file, options);
    const submitted = await withProgress(`Submitting ${what}`, (signal, report) =>
      this.#send(script, options, startFrom, signal, (step) => report({ message: STEPS[step] })),
    ).catch((error: unknown) => problems.explain(error, "Nothing was submitted."));
    log.info(`Submitted experiment ${submitted.experimentId}: ${describe(submitted)}`);
    // What an old experiment was started with is not what the person chooses for the next one.
    if (startFrom === null) await memory.remember(script.file, options);
    vscode.window.setStatusBarMessage(`Submitted ${what}`, SUBMITTED_MS);
    if (submitted.notes.length > 0) this.#sayNotes(submitted.notes);
    this.#needs.submitted(submitted.experimentId, submitted.trialId);
    return submitted.experimentId;
  }

  async #script(argument: unknown): Promise<Script | undefined> {
    requireTrust();
    return findScript(argument, this.#needs.memory.recentScripts);
  }

  async #send(
    script: Script,
    options: ScriptOptions,
    startFrom: string | null,
    signal: AbortSignal,
    onProgress: (step: SubmitStep) => void,
  ): Promise<Submitted> {
    const { pool, log, secrets } = this.#needs;
    const connection = pool.connection();
    // While it connects the snapshot is planned; the submit itself says when it does not.
    connection.catch(() => undefined);
    const client = await loadClient();
    return client.submitExperiment({
      connection,
      stateFolder: client.defaultStateFolder(),
      script: script.file,
      folder: script.folder,
      arguments: options.arguments,
      configuration: options.configuration,
      ...(options.slots === null ? {} : { slots: options.slots }),
      launcher: options.launcher ?? "python",
      interpreter: { editorChoice: await editorInterpreter(script.file, log) },
      startFrom,
      secrets: (names) => secrets.values(names),
      confirm: askAboutSize,
      onProgress,
      signal,
    });
  }

  /** The first submit of a workspace asks where to; the answer holds from then on. */
  async #choosePool(): Promise<boolean> {
    const { memory, pool } = this.#needs;
    if (memory.pool !== null) return true;
    const folder = pool.info?.folder;
    const picked = await vscode.window.showQuickPick(
      [
        {
          label: `$(vm) ${POOL_NAME}`,
          description: folder ?? "",
          detail: "Runs here, in the background: closing the editor does not stop it.",
        },
      ],
      { title: "Where shall the experiments of this folder run?", placeHolder: "Asked once for each folder" },
    );
    if (!picked) return false;
    await memory.setPool("local");
    return true;
  }

  #sayNotes(notes: readonly string[]): void {
    const { log } = this.#needs;
    for (const note of notes) log.info(note);
    const text = notes.length === 1 ? notes[0] : `${notes[0]} (and ${notes.length - 1} more)`;
    void vscode.window
      .showInformationMessage(text ?? "", "Show Log")
      .then((answer) => answer && log.show(true));
  }
}

function describe({ snapshot, interpreter, sentBytes, timings }: Submitted): string {
  const steps = Object.entries(timings).map(([step, ms]) => `${step} ${Math.round(ms)} ms`);
  return (
    `${snapshot.files} files, ${snapshot.bytes} bytes, tree ${snapshot.tree}, ${sentBytes} bytes sent; ` +
    `${interpreter.path} (${interpreter.origin}); ${steps.join(", ")}`
  );
}
