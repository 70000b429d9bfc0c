/** The language server's end in the editor: starts it, tells it of the pools, answers what it asks. */
import path from "node:path";
import * as vscode from "vscode";
import { type GenericRequestHandler, LanguageClient, TransportKind } from "vscode-languageclient/node";
import type { SubmitMemory } from "../../commands/submitMemory.ts";
import type { Pools } from "../../pool/pools.ts";
import type { ToExtension } from "../contract.ts";
import { editorState } from "./editorState.ts";

/** What is told again at most this often. */
const TELL_MS = 500;

export interface LanguageServices {
  readonly extensionPath: string;
  readonly pools: Pools;
  readonly memory: SubmitMemory;
  readonly log: vscode.LogOutputChannel;
}

export class Language implements vscode.Disposable {
  readonly #services: LanguageServices;
  readonly #client: LanguageClient;
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #configurations = new Set<string>();
  #telling: NodeJS.Timeout | null = null;

  constructor(services: LanguageServices) {
    this.#services = services;
    const module = path.join(services.extensionPath, "dist", "languageServer.js");
    this.#client = new LanguageClient(
      "trainyard.language",
      "Trainyard Language Server",
      { module, transport: TransportKind.ipc },
      {
        documentSelector: ["file", "untitled"].flatMap((scheme) =>
          ["python", "yaml", "json", "jsonc"].map((language) => ({ scheme, language })),
        ),
        synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.{py,yaml,yml,json}") },
        markdown: { isTrusted: { enabledCommands: ["trainyard.openPanel"] }, supportHtml: false },
      },
    );
  }

  async start(): Promise<void> {
    const { pools } = this.#services;
    this.#answer("trainyard/history", () => null);
    this.#answer("trainyard/forecast", () => null);
    this.#answer("trainyard/snapshotText", () => null);
    this.#answer("trainyard/checkpoints", () => null);
    await this.#client.start();
    const tell = (): void => this.#tellSoon();
    this.#subscriptions.push(
      this.#client,
      pools.onDidChange(tell),
      pools.onDidChangeList(tell),
      pools.onDidChangeStatus(tell),
      vscode.workspace.onDidGrantWorkspaceTrust(tell),
      vscode.workspace.onDidChangeWorkspaceFolders(tell),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("trainyard")) tell();
      }),
    );
    this.#tell();
  }

  /** What is wrong in that file is shown from now on, whatever its name and keys are. */
  markConfiguration(file: string): void {
    this.#configurations.add(file);
    this.#tell();
  }

  dispose(): void {
    if (this.#telling !== null) clearTimeout(this.#telling);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #answer<M extends keyof ToExtension>(
    method: M,
    answer: (params: ToExtension[M][0]) => ToExtension[M][1] | Promise<ToExtension[M][1]>,
  ): void {
    const handler = answer as GenericRequestHandler<unknown, void>;
    this.#subscriptions.push(this.#client.onRequest(method, handler));
  }

  #tellSoon(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = null;
      this.#tell();
    }, TELL_MS);
  }

  #tell(): void {
    const { pools, memory } = this.#services;
    this.#client
      .sendNotification("trainyard/state", editorState(pools, memory, [...this.#configurations]))
      .catch((error: unknown) => this.#services.log.debug(String(error)));
  }
}
