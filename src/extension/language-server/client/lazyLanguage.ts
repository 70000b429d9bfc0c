/**
 * The language server, started with the first experiment file or training script that is opened: nobody else pays for it. To
 * decide that a glance at the text is enough; what a file really is the server tells by parsing it.
 */
import path from "node:path";
import * as vscode from "vscode";
import { CONFIGURATION_NAMES } from "../../../cluster/client/configuration/names.ts";
import { messageOf, ShownError, showError } from "../../errors.ts";
import { TRAINING_MODULES } from "../trainingModules.ts";
import type { LanguageServices, Language } from "./language.ts";

/** As much of a file is looked at. */
const GLANCE_LENGTH = 20_000;
/** Flags alone may be a script of ours, too. */
const IN_SCRIPTS = [...TRAINING_MODULES, "argparse", "click"];
const IN_EXPERIMENTS = ["searcher:", "hyperparameters:", "entrypoint:"];
const NAMED: readonly string[] = CONFIGURATION_NAMES;

export class LazyLanguage implements vscode.Disposable {
  readonly #services: LanguageServices;
  readonly #subscriptions: vscode.Disposable[] = [];
  #language: Promise<Language> | null = null;
  #hasFailed = false;

  constructor(services: LanguageServices) {
    this.#services = services;
    this.#subscriptions.push(vscode.workspace.onDidOpenTextDocument((document) => this.#glance(document)));
    // Those of a restored window are open already; they can wait until the window is there.
    setImmediate(() => vscode.workspace.textDocuments.forEach((document) => this.#glance(document)));
  }

  /** Starts it unless it runs. @throws what stands in the way; the next one who asks tries again */
  start(): Promise<Language> {
    return (this.#language ??= this.#load().catch((error: unknown) => {
      this.#language = null;
      throw error;
    }));
  }

  /** What is wrong in that file is shown from now on, whatever its name and keys are. */
  async markConfiguration(file: string): Promise<void> {
    (await this.start()).markConfiguration(file);
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
    this.#language?.then((language) => language.dispose()).catch(() => undefined); // it was said when it was started
  }

  #glance(document: vscode.TextDocument): void {
    if (this.#language !== null || !isOurs(document)) return;
    this.start().catch((error: unknown) => this.#failed(error));
  }

  /** Not at each file that is opened. */
  #failed(error: unknown): void {
    if (this.#hasFailed) {
      this.#services.log.error(String(error));
      return;
    }
    this.#hasFailed = true;
    const what = new ShownError(
      `The language server cannot be started (${messageOf(error)}).`,
      "Lenses, hints and checks of experiment files are off; experiments and training go on.",
    );
    void showError(what, this.#services.log);
  }

  async #load(): Promise<Language> {
    const { startLanguage } = await import("./languageBundle.ts");
    return startLanguage(this.#services);
  }
}

function isOurs(document: vscode.TextDocument): boolean {
  const { languageId, uri } = document;
  if (!["file", "untitled"].includes(uri.scheme)) return false;
  if (languageId === "yaml") {
    if (NAMED.includes(path.basename(uri.path))) return true;
    return mentions(document, IN_EXPERIMENTS);
  }
  return languageId === "python" && mentions(document, IN_SCRIPTS);
}

function mentions(document: vscode.TextDocument, words: readonly string[]): boolean {
  const text = document.getText(
    new vscode.Range(new vscode.Position(0, 0), document.positionAt(GLANCE_LENGTH)),
  );
  return words.some((word) => text.includes(word));
}
