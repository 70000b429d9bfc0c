/** What a search would do before it is submitted: its trials, its work, its time on the pool that submits go to. */
import path from "node:path";
import * as vscode from "vscode";
import { messageOf, ShownError } from "../errors.ts";
import { loadClient } from "../pool/client.ts";
import type { Pool } from "../pool/pool.ts";
import { type Pools, LOCAL } from "../pool/pools.ts";
import { withProgress } from "../progress.ts";
import { COMMANDS } from "./commandIds.ts";
import type { ConfigurationProblems } from "./configurationProblems.ts";
import { findScript, isScript } from "./script.ts";
import type { SubmitMemory } from "./submitMemory.ts";

/** Beside configurations with other names this ending is looked for. */
const CONFIGURATION = /\.(ya?ml|json)$/;

interface Subject {
  configuration: string;
  /** The one that it would be submitted with, where that is known. */
  script: string | null;
}

export class PreviewCommands {
  readonly #pools: Pools;
  readonly #memory: SubmitMemory;
  readonly #problems: ConfigurationProblems;
  constructor(pools: Pools, memory: SubmitMemory, problems: ConfigurationProblems) {
    this.#pools = pools;
    this.#memory = memory;
    this.#problems = problems;
  }

  async preview(argument: unknown): Promise<void> {
    const subject = await this.#subject(argument);
    if (!subject) return;
    const { configuration, script } = subject;
    const unsaved = vscode.workspace.textDocuments.find(
      ({ isDirty, uri }) => isDirty && uri.scheme === "file" && uri.fsPath === configuration,
    );
    if (unsaved && !(await unsaved.save()))
      throw new ShownError(`${path.basename(configuration)} could not be saved.`, "Save it, then try again.");
    const pool = this.#pools.get(this.#memory.pool ?? LOCAL) ?? this.#pools.local;
    const [what, ...details] = await withProgress(`Previewing ${path.basename(configuration)}`, (signal) =>
      this.#describe(subject, pool, signal),
    ).catch((error: unknown) => this.#problems.explain(error, "There is nothing to preview."));
    const submit = script === null ? [] : ["Submit as Experiment"];
    const answer = await vscode.window.showInformationMessage(
      `${path.basename(configuration)}: ${what?.replace(/:$/, "") ?? ""}`,
      { modal: true, detail: details.join("\n") },
      ...submit,
    );
    if (answer !== undefined)
      await vscode.commands.executeCommand(COMMANDS.submit, vscode.Uri.file(script ?? ""));
  }

  async #describe({ configuration, script }: Subject, pool: Pool, signal: AbortSignal): Promise<string[]> {
    const client = await loadClient();
    const previewed = await client.loadSearch(configuration, null);
    const slotsPerTrial = script === null ? null : this.#memory.optionsOf(script).slots;
    const expected = await pool
      .connection(signal)
      .then((calls) => client.expectationOf(calls, previewed, { script, slotsPerTrial }, signal))
      .then((found) => `${pool.name}: ${client.expectedText(found)}`)
      .catch((error: unknown) => {
        signal.throwIfAborted();
        return `${pool.name}: how long it would take is not known. ${messageOf(error)}`;
      });
    return [...client.previewText(previewed.preview), "", expected];
  }

  /** A configuration, or the one that a script would be submitted with. */
  async #subject(argument: unknown): Promise<Subject | undefined> {
    const open = vscode.window.activeTextEditor?.document;
    // Of the language server's lens it is a path.
    const given = typeof argument === "string" ? vscode.Uri.file(argument) : argument;
    const uri = given instanceof vscode.Uri ? given : open?.uri;
    if (uri?.scheme === "file" && CONFIGURATION.test(uri.path)) {
      const used = this.#memory.recentScripts.find((file) => {
        const { configuration } = this.#memory.optionsOf(file);
        return typeof configuration === "object" && configuration?.file === uri.fsPath;
      });
      const client = await loadClient();
      return { configuration: uri.fsPath, script: used ?? (await client.scriptBeside(uri.fsPath)) };
    }
    const script = await findScript(
      open && isScript(open) ? (given ?? open.uri) : given,
      this.#memory.recentScripts,
    );
    if (!script) return undefined;
    const { configuration } = this.#memory.optionsOf(script.file);
    const client = await loadClient();
    const file =
      configuration === "auto" ? await client.findConfiguration(script.file) : (configuration?.file ?? null);
    if (file !== null) return { configuration: file, script: script.file };
    throw new ShownError(
      `${path.basename(script.file)} has no configuration, so it runs once.`,
      `Write a train.yaml beside it, or a table [tool.trainyard] into it, or choose a file with Submit with Options.`,
    );
  }
}
