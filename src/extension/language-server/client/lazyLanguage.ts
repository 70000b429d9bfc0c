/**
 * The language server, started with the first experiment file or training script that is opened: nobody else pays for it. To
 * decide that a glance at the text is enough; what a file really is the server tells by parsing it.
 */
import path from "node:path";
import * as vscode from "vscode";
import type { LanguageServices, Language } from "./language.ts";

/** As much of a file is looked at. */
const GLANCE_LENGTH = 20_000;
const IN_SCRIPTS = [
  ...["trainyard", "torch", "lightning", "transformers", "accelerate", "keras", "tensorflow", "jax", "flax"],
  ...[
    "sklearn",
    "xgboost",
    "lightgbm",
    "catboost",
    "determined",
    "wandb",
    "mlflow",
    "hydra",
    "argparse",
    "click",
  ],
];
const IN_EXPERIMENTS = ["searcher:", "hyperparameters:", "entrypoint:"];
const NAMED = ["train.yaml", "train.yml", "experiment.yaml", "experiment.yml"];

export class LazyLanguage implements vscode.Disposable {
  readonly #services: LanguageServices;
  readonly #subscriptions: vscode.Disposable[] = [];
  #language: Promise<Language> | null = null;

  constructor(services: LanguageServices) {
    this.#services = services;
    this.#subscriptions.push(vscode.workspace.onDidOpenTextDocument((document) => this.#glance(document)));
    // Those of a restored window are open already; they can wait until the window is there.
    setImmediate(() => vscode.workspace.textDocuments.forEach((document) => this.#glance(document)));
  }

  /** Starts it unless it runs. */
  start(): Promise<Language> {
    return (this.#language ??= this.#load());
  }

  /** What is wrong in that file is shown from now on, whatever its name and keys are. */
  async markConfiguration(file: string): Promise<void> {
    (await this.start()).markConfiguration(file);
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
    void this.#language?.then((language) => language.dispose());
  }

  #glance(document: vscode.TextDocument): void {
    if (this.#language !== null || !isOurs(document)) return;
    this.start().catch((error: unknown) => this.#services.log.error(String(error)));
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
