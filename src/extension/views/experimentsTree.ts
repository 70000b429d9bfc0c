/** The tree of experiments: rows of nodes.ts, texts of labels.ts, refreshed by element. */
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import { startsSentence } from "../../cluster/protocol/queueWords.ts";
import type { MirrorChange, PoolMirror } from "../../cluster/client/mirror.ts";
import { COMMANDS, CONTEXT, VIEWS } from "../commands/commandIds.ts";
import { plural } from "../format.ts";
import type { Pools } from "../pool/pools.ts";
import { WorkspaceFolders } from "../workspaceFolders.ts";
import { checkpointRow, experimentRow, groupRow, onPool, trialRow, type Row } from "./labels.ts";
import {
  childrenOf,
  nodeId,
  PAGE_OF_TRIALS,
  parentOf,
  rootsOf,
  type ExperimentsFilter,
  type ExperimentsNode,
} from "./nodes.ts";
import { countLively } from "./statusText.ts";

/** A burst of events (a search starts, a script reports) is one refresh. */
const REFRESH_MS = 200;
/**
 * A click. Without arguments: those of a row are forgotten with each refresh, and a click on a run that reports many
 * times a second would meet a command that is gone ("Actual command not found"). The selection says which row it was.
 */
const OPEN: vscode.Command = { command: COMMANDS.openRow, title: "Open" };
const SELECTION_MS = 2000;
const SELECTION_POLL_MS = 20;
const SHOW_ALL_KEY = "trainyard.showAll";

export class ExperimentsTree implements vscode.TreeDataProvider<ExperimentsNode>, vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #pools: Pools;
  readonly #emitter = new vscode.EventEmitter<ExperimentsNode[] | undefined>();
  /** The editor knows rows by identity, so one object stands for one row as long as it lives. */
  readonly #nodes = new Map<string, ExperimentsNode>();
  readonly #shown = new Map<string, number>();
  /** `pool/experiment`, as keyOf() makes it. */
  readonly #touched = new Set<string>();
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #view: vscode.TreeView<ExperimentsNode>;
  #refreshAll = false;
  #timer: NodeJS.Timeout | undefined;
  #roots = "";
  #toReveal: string | null = null;

  readonly onDidChangeTreeData = this.#emitter.event;

  constructor(context: vscode.ExtensionContext, pools: Pools) {
    this.#context = context;
    this.#pools = pools;
    this.#view = vscode.window.createTreeView(VIEWS.experiments, {
      treeDataProvider: this,
      showCollapseAll: true,
      canSelectMany: true,
    });
    this.#subscriptions.push(
      this.#view,
      this.#emitter,
      pools.onDidChange(({ pool, change }) => this.#onChange(pool.id, change)),
      pools.onDidChangeStatus(() => this.#update(true)),
      pools.onDidChangeList(() => this.#update(true)),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.#update(true)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#update(true)),
    );
    this.#setContext();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  get filter(): ExperimentsFilter {
    return {
      folders: new WorkspaceFolders(vscode.workspace.workspaceFolders),
      showAll: this.#context.workspaceState.get(SHOW_ALL_KEY, false),
    };
  }

  /** The row that was clicked last. While the editor reads the tree anew it knows none for a moment. */
  async clicked(): Promise<ExperimentsNode | undefined> {
    const end = Date.now() + SELECTION_MS;
    while (this.#view.selection.length === 0 && Date.now() < end) await sleep(SELECTION_POLL_MS);
    return this.#view.selection[0];
  }

  async setShowAll(showAll: boolean): Promise<void> {
    await this.#context.workspaceState.update(SHOW_ALL_KEY, showAll);
    this.#update(true);
  }

  showMore(node: ExperimentsNode): void {
    if (node.kind !== "more") return;
    const { poolId, experimentId, group } = node;
    const key = `${keyOf(poolId, experimentId)}/${group}`;
    this.#shown.set(key, (this.#shown.get(key) ?? PAGE_OF_TRIALS) + PAGE_OF_TRIALS);
    this.#emitter.fire([this.#same({ kind: "group", poolId, experimentId, group })]);
  }

  /** Selects an experiment's row in the open tree, as soon as it is there. */
  reveal(poolId: string, experimentId: number): void {
    this.#toReveal = keyOf(poolId, experimentId);
    this.#update(false);
  }

  getChildren(node?: ExperimentsNode): ExperimentsNode[] {
    this.#pools.wake();
    if (!node) return this.#rootNodes().map((root) => this.#same(root));
    const mirror = this.#mirrorOf(node);
    if (!mirror) return [];
    const shown = (of: { poolId: string; experimentId: number }, group: string): number =>
      this.#shown.get(`${keyOf(of.poolId, of.experimentId)}/${group}`) ?? PAGE_OF_TRIALS;
    return childrenOf(mirror, node, shown).map((child) => this.#same(child));
  }

  getParent(node: ExperimentsNode): ExperimentsNode | undefined {
    const mirror = this.#mirrorOf(node);
    const parent = mirror ? parentOf(mirror, node) : undefined;
    return parent && this.#same(parent);
  }

  getTreeItem(node: ExperimentsNode): vscode.TreeItem {
    if (node.kind === "more") {
      const item = new vscode.TreeItem(
        `Show ${Math.min(node.hidden, PAGE_OF_TRIALS)} more of ${node.hidden}`,
      );
      item.id = nodeId(node);
      item.command = OPEN;
      return item;
    }
    const row = this.rowOf(node);
    const item = new vscode.TreeItem(row?.label ?? "", this.#collapsible(node));
    item.id = nodeId(node);
    if (!row) return item;
    item.description = row.description;
    item.contextValue = row.contextValue;
    item.accessibilityInformation = { label: row.spoken };
    if (row.look) item.iconPath = new vscode.ThemeIcon(row.look.icon, themeColor(row.look.color));
    // Without one the editor asks for it where the pointer rests.
    if (row.tooltip.length > 0 && !this.#isWaiting(node)) item.tooltip = plainTooltip(row.tooltip);
    if (node.kind !== "group") item.command = OPEN;
    return item;
  }

  /** For who waits: when it starts, as it is known when the pointer rests on its row. */
  async resolveTreeItem(
    item: vscode.TreeItem,
    node: ExperimentsNode,
    token: vscode.CancellationToken,
  ): Promise<vscode.TreeItem> {
    const row = this.rowOf(node);
    if (!row) return item;
    const when =
      "trialId" in node && this.#isWaiting(node)
        ? await this.#whenStarts(node.poolId, node.trialId, token)
        : "";
    item.tooltip = plainTooltip(
      when === "" ? row.tooltip : [...row.tooltip.slice(0, 2), when, ...row.tooltip.slice(2)],
    );
    return item;
  }

  #isWaiting(node: ExperimentsNode): boolean {
    return "trialId" in node && this.#mirrorOf(node)?.trials.get(node.trialId)?.state === "waiting";
  }

  async #whenStarts(poolId: string, trialId: string, token: vscode.CancellationToken): Promise<string> {
    const pool = this.#pools.get(poolId);
    if (pool?.status.state !== "connected") return "";
    const given = new AbortController();
    const subscription = token.onCancellationRequested(() => given.abort());
    try {
      const { waiting } = await pool.call("queue/state", {}, given.signal);
      return startsSentence(waiting.find((one) => one.trialId === trialId)?.startsIn ?? null);
    } catch {
      return ""; // the reason is in the row
    } finally {
      subscription.dispose();
    }
  }

  /** What a row shows now. */
  rowOf(node: ExperimentsNode): Row | undefined {
    const mirror = this.#mirrorOf(node);
    const experiment = mirror?.experiments.get(node.experimentId);
    if (!mirror || !experiment) return undefined;
    const nowMs = Date.now();
    switch (node.kind) {
      case "experiment":
        return onPool(
          experimentRow(experiment, mirror.trialsOf(node.experimentId), nowMs),
          this.#remoteName(node),
        );
      case "group":
        return groupRow(node.group, mirror.trialsOf(node.experimentId));
      case "single":
      case "trial": {
        const trial = mirror.trials.get(node.trialId);
        const checkpoints = mirror.checkpointsOf(node.trialId).length;
        if (!trial) return undefined;
        const row = trialRow(experiment, trial, checkpoints, nowMs, node.kind === "single");
        return node.kind === "single" ? onPool(row, this.#remoteName(node)) : row;
      }
      case "checkpoint": {
        const checkpoint = mirror.checkpoints.get(node.uuid);
        return checkpoint && checkpointRow(checkpoint, experiment.metric, nowMs);
      }
      case "more":
        return undefined;
    }
  }

  #remoteName({ poolId }: ExperimentsNode): string | null {
    return poolId === this.#pools.local.id ? null : (this.#pools.get(poolId)?.name ?? poolId);
  }

  #collapsible(node: ExperimentsNode): vscode.TreeItemCollapsibleState {
    const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    switch (node.kind) {
      case "experiment":
        return Collapsed;
      case "group":
        return node.group === "running" || node.group === "waiting" ? Expanded : Collapsed;
      case "single":
      case "trial":
        return (this.#mirrorOf(node)?.checkpointsOf(node.trialId).length ?? 0) > 0 ? Collapsed : None;
      case "checkpoint":
      case "more":
        return None;
    }
  }

  #mirrorOf({ poolId }: ExperimentsNode): PoolMirror | null {
    return this.#pools.get(poolId)?.mirror ?? null;
  }

  #rootNodes(): ExperimentsNode[] {
    const pools = this.#pools.all.flatMap(({ id, mirror }) => (mirror ? [{ id, mirror }] : []));
    return rootsOf(pools, this.filter);
  }

  #onChange(poolId: string, change: MirrorChange): void {
    if (change.experiments.size === 0 && !change.everything) return;
    for (const id of change.experiments) this.#touched.add(keyOf(poolId, id));
    this.#update(change.everything);
  }

  #update(all: boolean): void {
    this.#refreshAll ||= all;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#refresh();
    }, REFRESH_MS);
  }

  #refresh(): void {
    const changed = new Set(this.#touched);
    this.#touched.clear();
    this.#setContext();
    const roots = this.#rootNodes();
    const keyOfNode = (node: ExperimentsNode): string => keyOf(node.poolId, node.experimentId);
    const key = roots.map((node) => `${node.kind} ${keyOfNode(node)}`).join();
    const all = this.#refreshAll || key !== this.#roots;
    this.#refreshAll = false;
    this.#roots = key;
    for (const [id, node] of this.#nodes)
      if (!this.#mirrorOf(node)?.experiments.has(node.experimentId)) this.#nodes.delete(id);
    const rows = roots.filter((node) => changed.has(keyOfNode(node))).map((node) => this.#same(node));
    if (all) this.#emitter.fire(undefined);
    else if (rows.length > 0) this.#emitter.fire(rows);
    const revealed = roots.find((node) => keyOfNode(node) === this.#toReveal);
    if (!revealed || !this.#view.visible) return;
    this.#toReveal = null;
    // The row may be gone again by then.
    this.#view.reveal(this.#same(revealed), { select: true, focus: false }).then(undefined, () => undefined);
  }

  /** The same object for the same row, with what it says now. */
  #same(node: ExperimentsNode): ExperimentsNode {
    const id = nodeId(node);
    const known = this.#nodes.get(id);
    if (known?.kind === node.kind) return Object.assign(known, node);
    this.#nodes.set(id, node);
    return node;
  }

  #setContext(): void {
    const set = (key: string, value: unknown): void =>
      void vscode.commands.executeCommand("setContext", key, value);
    const { filter } = this;
    const pools = this.#pools.all;
    const experiments = pools.flatMap(({ mirror }) => [...(mirror?.experiments.values() ?? [])]);
    const trials = pools.flatMap(({ mirror }) => [...(mirror?.trials.values() ?? [])]);
    set(CONTEXT.connection, this.#pools.local.status.state);
    set(CONTEXT.showAll, filter.showAll);
    set(
      CONTEXT.otherExperiments,
      experiments.some((experiment) => !filter.folders.has(experiment)),
    );
    const { running } = countLively(trials);
    this.#view.badge =
      running > 0 ? { value: running, tooltip: `${plural(running, "run")} in progress` } : undefined;
    this.#view.description = !filter.folders.isEmpty && filter.showAll ? "all folders" : "";
    const away = pools.filter(
      ({ status, mirror }) => status.state === "disconnected" && (mirror?.experiments.size ?? 0) > 0,
    );
    this.#view.message =
      away.length > 0
        ? `Not connected to ${away.map(({ name }) => name).join(", ")}; what is shown of it may be old. ${away[0]?.status.detail ?? ""}`
        : undefined;
  }
}

function keyOf(poolId: string, experimentId: number): string {
  return `${poolId}/${experimentId}`;
}

function themeColor(id: string | null): vscode.ThemeColor | undefined {
  return id === null ? undefined : new vscode.ThemeColor(id);
}

/** Names and messages are data: nothing in them becomes a link or markup. */
function plainTooltip(lines: readonly string[]): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString();
  lines.forEach((line, index) => {
    if (index > 0) tooltip.appendMarkdown("\n\n");
    tooltip.appendText(line);
  });
  return tooltip;
}
