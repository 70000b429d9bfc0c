/** Tells what happened: each thing by itself to who is there, and one line for all after coming back. */
import * as vscode from "vscode";
import type { MirrorChange, PoolMirror } from "../../cluster/client/mirror.ts";
import { COMMANDS } from "../commands/commandIds.ts";
import type { Pool } from "../pool/pool.ts";
import { withoutLinks } from "../links.ts";
import { LOCAL, type Pools } from "../pool/pools.ts";
import { settings } from "../settings.ts";
import { WorkspaceFolders } from "../workspaceFolders.ts";
import { type Look, NewsWatch, newsText, summaryText, type NewsItem } from "./news.ts";

/** One for each pool. */
const LAST_LOOK_KEY = "trainyard.look";
/** As many messages as the editor shows at once; of more at one time there is one line. */
const MOST_MESSAGES = 3;
/** Of what ended while nobody looked, so many at most are told. */
const MOST_ENDED = 200;
/** How exactly it is known when somebody last looked, should the editor be killed. */
const LOOK_EVERY_MS = 30_000;

/** A notifier for each pool, as pools come and go. */
export class Notifiers implements vscode.Disposable {
  readonly #byPool = new Map<Pool, Notifier>();
  readonly #subscription: vscode.Disposable;

  constructor(
    context: vscode.ExtensionContext,
    pools: Pools,
    isOnScreen: (poolId: string, experimentId: number) => boolean,
  ) {
    const update = (): void => {
      for (const [pool, notifier] of this.#byPool)
        if (pools.get(pool.id) !== pool) {
          notifier.dispose();
          this.#byPool.delete(pool);
        }
      for (const pool of pools.all)
        if (!this.#byPool.has(pool))
          this.#byPool.set(pool, new Notifier(context, pool, (id) => isOnScreen(pool.id, id)));
    };
    this.#subscription = pools.onDidChangeList(update);
    update();
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const notifier of this.#byPool.values()) notifier.dispose();
  }
}

export class Notifier implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #pool: Pool;
  /** Whether an experiment's panel is on the screen. */
  readonly #isOnScreen: (experimentId: number) => boolean;
  readonly #watch = new NewsWatch();
  readonly #subscriptions: vscode.Disposable;
  readonly #timer: NodeJS.Timeout;
  #isStarted = false;
  #isStarting = false;
  /** What happened while nobody looked: before this window was there, or while it had no focus. */
  #missed: NewsItem[] = [];

  constructor(context: vscode.ExtensionContext, pool: Pool, isOnScreen: (experimentId: number) => boolean) {
    this.#context = context;
    this.#pool = pool;
    this.#isOnScreen = isOnScreen;
    this.#subscriptions = vscode.Disposable.from(
      pool.onDidChange((change) => this.#onChange(change)),
      vscode.window.onDidChangeWindowState(({ focused }) => focused && this.#comeBack()),
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
      if (this.#isStarting) return;
      this.#isStarting = true;
      void this.#start(mirror).finally(() => (this.#isStarting = false));
      return;
    }
    if (change.isOld) {
      this.#watch.learned(mirror, change.experiments);
      return;
    }
    const news = this.#ofInterest(
      this.#watch.changed(mirror, change.everything ? mirror.experiments.keys() : change.experiments),
    );
    if (!vscode.window.state.focused) {
      this.#missed.push(...news);
      return;
    }
    const told = news.filter(({ experiment }) => !this.#isOnScreen(experiment.id));
    if (told.length > MOST_MESSAGES) this.#tellAll("", told);
    else for (const item of told) this.#tell(newsText(item), item);
    if (news.length > 0) this.#look();
  }

  async #start(mirror: PoolMirror): Promise<void> {
    const last = this.#lastLook();
    if (last) await this.#holdEnded(mirror, last.atMs);
    this.#isStarted = true;
    this.#missed.push(...this.#ofInterest(this.#watch.start(mirror, last)));
    if (vscode.window.state.focused) this.#comeBack();
  }

  /** What ended since may have begun long before, and why it failed is known to its trials. */
  async #holdEnded(mirror: PoolMirror, atMs: number): Promise<void> {
    if (mirror.total <= mirror.experiments.size && mirror.from <= 1) return;
    const folders = new WorkspaceFolders(vscode.workspace.workspaceFolders).paths;
    try {
      const reader = await this.#pool.reader();
      const { ids } = await reader.experiments({ folders, endedAfter: atMs, limit: MOST_ENDED });
      for (const experimentId of ids) {
        if (mirror.experiments.get(experimentId)?.searcher === "single") continue;
        await reader.trials({ experimentId, states: ["failed"], limit: 1 });
        await reader.trials({ experimentId, filter: "nan", limit: 1 });
      }
    } catch {
      // What is known is told; the views show the rest.
    }
  }

  /** A window tells of its own folder's experiments; another window tells of the others. */
  #ofInterest(news: readonly NewsItem[]): NewsItem[] {
    const folders = new WorkspaceFolders(vscode.workspace.workspaceFolders);
    return news.filter(({ kind, experiment }) => folders.has(experiment) && settings.notify(kind));
  }

  #comeBack(): void {
    const news = this.#missed.filter(({ experiment }) => !this.#isOnScreen(experiment.id));
    this.#missed = [];
    this.#look();
    this.#tellAll("While you were away: ", news);
  }

  #tell(text: string, item: NewsItem): void {
    const show =
      item.kind === "failed" ? vscode.window.showErrorMessage : vscode.window.showInformationMessage;
    const open = "Open Panel";
    const line = "Go to Failing Line";
    const [send, map] = ["Send It", "Use a Path on the Pool..."];
    const buttons = [
      ...(item.kind === "failed" && this.#hasNotSent(item) ? [send, map] : []),
      open,
      ...(item.kind === "failed" && this.#hasLine(item) ? [line] : []),
    ];
    void show(withoutLinks(text), ...buttons).then((answer) => {
      if (answer === send) void vscode.commands.executeCommand(COMMANDS.sendData, this.#rowOf(item));
      if (answer === map) void vscode.commands.executeCommand(COMMANDS.mapData, this.#rowOf(item));
      if (answer === open) void vscode.commands.executeCommand(COMMANDS.openPanel, this.#rowOf(item));
      if (answer === line) void vscode.commands.executeCommand(COMMANDS.goToFailingLine, this.#rowOf(item));
    });
  }

  /** In one line. What is alone has its own buttons. */
  #tellAll(before: string, news: readonly NewsItem[]): void {
    const summary = summaryText(news);
    if (summary === null) return;
    const text = before + summary;
    const [only] = news;
    if (only && news.length === 1) {
      this.#tell(text, only);
      return;
    }
    const show = "Show Experiments";
    void vscode.window.showInformationMessage(withoutLinks(text), show).then((answer) => {
      if (answer === show) void vscode.commands.executeCommand("trainyard.experiments.focus");
    });
  }

  #rowOf({ experiment }: NewsItem): { poolId: string; experimentId: number } {
    return { poolId: this.#pool.id, experimentId: experiment.id };
  }

  #hasLine({ experiment }: NewsItem): boolean {
    return this.#pool.mirror?.trialsOf(experiment.id).some((trial) => trial.failure?.frame) ?? false;
  }

  /** What it did not find was not sent. */
  #hasNotSent({ experiment }: NewsItem): boolean {
    return this.#pool.mirror?.trialsOf(experiment.id).some((trial) => trial.failure?.notSent) ?? false;
  }

  get #lookKey(): string {
    return this.#pool.id === LOCAL ? LAST_LOOK_KEY : `${LAST_LOOK_KEY}.${this.#pool.id}`;
  }

  #lastLook(): Look | null {
    return this.#context.workspaceState.get<Look | null>(this.#lookKey, null);
  }

  #look(): void {
    if (!this.#isStarted || !vscode.window.state.focused) return;
    const look: Look = { atMs: Date.now(), nan: this.#watch.nan };
    void this.#context.workspaceState.update(this.#lookKey, look);
  }
}
