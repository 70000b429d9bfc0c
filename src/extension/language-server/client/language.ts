/** The language server's end in the editor: starts it, tells it of the pools, answers what it asks. */
import path from "node:path";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  type GenericRequestHandler,
  LanguageClient,
  RevealOutputChannelOn,
  State,
  TransportKind,
} from "vscode-languageclient/node";
import type { SubmitMemory } from "../../commands/submitMemory.ts";
import { LOCAL, type Pools } from "../../pool/pools.ts";
import type { ToExtension, ToServer } from "../contract.ts";
import { checkpointsOf } from "./checkpoints.ts";
import { Crashes } from "./crashes.ts";
import { editorState } from "./editorState.ts";
import { Forecasts } from "./forecast.ts";
import { History } from "./history.ts";
import { PoolFactsBook } from "./poolFacts.ts";
import { SERVER_FLAGS } from "./serverFlags.ts";

/** What is told again at most this often. */
const TELL_MS = 500;

export interface LanguageServices {
  readonly extensionPath: string;
  readonly pools: Pools;
  readonly memory: SubmitMemory;
  readonly log: vscode.LogOutputChannel;
}

const SELECTOR = ["file", "untitled"].flatMap((scheme) =>
  ["python", "yaml", "json", "jsonc"].map((language) => ({ scheme, language })),
);

export class Language implements vscode.Disposable {
  readonly #services: LanguageServices;
  readonly #client: LanguageClient;
  readonly #book: PoolFactsBook;
  readonly #crashes = new Crashes();
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #configurations = new Set<string>();
  #telling: NodeJS.Timeout | null = null;
  /** As JSON; null: a new server, which knows nothing. */
  #told: string | null = null;
  #status: vscode.LanguageStatusItem | null = null;

  constructor(services: LanguageServices) {
    this.#services = services;
    this.#book = new PoolFactsBook(services.pools);
    const watcher = vscode.workspace.createFileSystemWatcher("**/*.{py,yaml,yml,json}");
    this.#subscriptions.push(watcher);
    const module = path.join(services.extensionPath, "dist", "languageServer.js");
    this.#client = new LanguageClient(
      "trainyard.language",
      "Trainyard Language Server",
      { module, transport: TransportKind.ipc, options: { execArgv: [...SERVER_FLAGS] } },
      {
        documentSelector: SELECTOR,
        synchronize: { fileEvents: watcher },
        markdown: { isTrusted: { enabledCommands: ["trainyard.openPanel"] }, supportHtml: false },
        outputChannel: services.log,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        errorHandler: {
          error: () => ({ action: ErrorAction.Continue, handled: true }),
          closed: () => this.#closed(),
        },
      },
    );
  }

  async start(): Promise<void> {
    const { pools, memory, log } = this.#services;
    const tellHistory = (scripts: string[] | null): void =>
      this.#send("trainyard/historyChanged", { scripts });
    const history = new History(pools, () => memory.pool ?? LOCAL, tellHistory, log);
    const forecasts = new Forecasts(pools, memory);
    this.#subscriptions.push(history);
    this.#answer("trainyard/history", (asked) => history.of(asked));
    this.#answer("trainyard/forecast", (request) => forecasts.of(request));
    this.#answer("trainyard/snapshotText", (asked) => history.snapshotText(asked));
    this.#answer("trainyard/checkpoints", ({ prefix }) => checkpointsOf(pools, memory, prefix));
    await this.#client.start();
    const tell = (): void => this.#tellSoon();
    this.#subscriptions.push(
      this.#client,
      this.#book,
      // It runs again after it has ended: it knows nothing yet.
      this.#client.onDidChangeState(({ newState }) => {
        if (newState !== State.Running) return;
        this.#told = null;
        this.#tell();
      }),
      pools.onDidChange(tell),
      pools.onDidChangeList(tell),
      pools.onDidChangeStatus(tell),
      vscode.window.onDidChangeActiveColorTheme(tell),
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
    this.#status?.dispose();
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #closed(): { action: CloseAction; handled: boolean } {
    const { log } = this.#services;
    if (this.#crashes.happened(Date.now())) {
      log.warn("The language server has ended unasked. It is started again.");
      return { action: CloseAction.Restart, handled: true };
    }
    const message = "The language server ended several times in a row, so it is not started again.";
    log.error(message);
    this.#giveUp(message);
    return { action: CloseAction.DoNotRestart, handled: true };
  }

  /** Said once; the status stays. */
  #giveUp(message: string): void {
    const start = "Start It Again";
    const show = "Show Log";
    this.#status?.dispose();
    this.#status = vscode.languages.createLanguageStatusItem("trainyard.language", SELECTOR);
    this.#status.name = "Trainyard";
    this.#status.severity = vscode.LanguageStatusSeverity.Error;
    this.#status.text = "Trainyard's language server has ended";
    this.#status.detail = "Lenses, hints and checks of experiment files are off";
    this.#status.command = { title: show, command: "trainyard.showLog" };
    void vscode.window
      .showErrorMessage(`${message} Experiments and training go on.`, start, show)
      .then((answer) => {
        if (answer === show) this.#services.log.show(true);
        if (answer === start) return this.#startAgain();
        return undefined;
      })
      .then(undefined, (error: unknown) => this.#services.log.error(String(error)));
  }

  async #startAgain(): Promise<void> {
    this.#crashes.forget();
    await this.#client.start();
    this.#status?.dispose();
    this.#status = null;
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
    const state = editorState(pools, memory, this.#book, [...this.#configurations]);
    const text = JSON.stringify(state);
    if (text === this.#told || this.#client.state !== State.Running) return;
    this.#told = text;
    this.#send("trainyard/state", state);
  }

  #send<M extends keyof ToServer>(method: M, params: ToServer[M]): void {
    this.#client
      .sendNotification(method, params)
      .catch((error: unknown) => this.#services.log.debug(String(error)));
  }
}
