/** Tells what ended while nobody looked: one message at a time, one line for all after coming back. */
import * as vscode from "vscode";
import type { MirrorChange } from "../../cluster/client/mirror.ts";
import { COMMANDS } from "../commands/commandIds.ts";
import type { Pool } from "../pool/pool.ts";
import { settings } from "../settings.ts";
import { WorkspaceFolders } from "../workspaceFolders.ts";
import { awayText, NewsWatch, newsText, type NewsItem } from "./news.ts";

const LAST_LOOK_KEY = "trainyard.lastLook";
/** How exactly it is known when somebody last looked, should the editor be killed. */
const LOOK_EVERY_MS = 30_000;

export class Notifier implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #pool: Pool;
  /** Whether an experiment's panel is on the screen. */
  readonly #isOnScreen: (experimentId: number) => boolean;
  readonly #watch = new NewsWatch();
  readonly #subscriptions: vscode.Disposable;
  readonly #timer: NodeJS.Timeout;
  #isStarted = false;
  #waiting: NewsItem[] = [];

  constructor(context: vscode.ExtensionContext, pool: Pool, isOnScreen: (experimentId: number) => boolean) {
    this.#context = context;
    this.#pool = pool;
    this.#isOnScreen = isOnScreen;
    this.#subscriptions = vscode.Disposable.from(
      pool.onDidChange((change) => this.#onChange(change)),
      vscode.window.onDidChangeWindowState(({ focused }) => focused && this.#flush()),
    );
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#look();
    this.#subscriptions.dispose();
  }

  #onChange(change: MirrorChange): void {
    const mirror = this.#pool.mirror;
    if (!mirror) return;
    if (!this.#isStarted) {
      this.#isStarted = true;
      const news = this.#watch.start(
        mirror,
        this.#context.workspaceState.get<number | null>(LAST_LOOK_KEY, null),
      );
      this.#take(news);
      this.#look();
      return;
    }
    this.#take(
      this.#watch.changed(mirror, change.everything ? mirror.experiments.keys() : change.experiments),
    );
  }

  #take(news: readonly NewsItem[]): void {
    const folders = new WorkspaceFolders(vscode.workspace.workspaceFolders);
    // A window tells of its own folder's experiments; another window tells of the others.
    const own = news.filter(({ experiment }) => folders.has(experiment));
    this.#waiting.push(...own.filter(({ kind }) => settings.notify(kind)));
    if (vscode.window.state.focused) this.#flush();
  }

  #flush(): void {
    const news = this.#waiting.filter(({ experiment }) => !this.#isOnScreen(experiment.id));
    this.#waiting = [];
    this.#look();
    const [only] = news;
    if (only && news.length === 1) this.#tell(only);
    else this.#tellAll(news);
  }

  #tell(item: NewsItem): void {
    const show =
      item.kind === "failed" ? vscode.window.showErrorMessage : vscode.window.showInformationMessage;
    const open = "Open Panel";
    const line = "Go to Failing Line";
    const buttons = item.kind === "failed" && this.#hasLine(item) ? [open, line] : [open];
    void show(newsText(item), ...buttons).then((answer) => {
      if (answer === open) void vscode.commands.executeCommand(COMMANDS.openPanel, item.experiment.id);
      if (answer === line) void vscode.commands.executeCommand(COMMANDS.goToFailingLine, item.experiment.id);
    });
  }

  #tellAll(news: readonly NewsItem[]): void {
    const text = awayText(news);
    if (text === null) return;
    const show = "Show Experiments";
    void vscode.window.showInformationMessage(text, show).then((answer) => {
      if (answer === show) void vscode.commands.executeCommand("trainyard.experiments.focus");
    });
  }

  #hasLine({ experiment }: NewsItem): boolean {
    return this.#pool.mirror?.trialsOf(experiment.id).some((trial) => trial.failure?.frame) ?? false;
  }

  #look(): void {
    if (this.#isStarted && vscode.window.state.focused)
      void this.#context.workspaceState.update(LAST_LOOK_KEY, Date.now());
  }
}
